package io.nydus4j.storage.config;

/**
 * A bucket of an object store.
 *
 * @param scheme          {@code http} or {@code https}, used as it is
 * @param endpoint        host of the store, and port
 * @param name            the bucket
 * @param objectPrefix    put before blob ids
 * @param accessKeyId     who signs
 * @param accessKeySecret what signs
 * @param network         connection
 */
public record BucketSettings(
        String scheme,
        String endpoint,
        String name,
        String objectPrefix,
        Secret accessKeyId,
        Secret accessKeySecret,
        NetworkSettings network) {
    BucketSettings withoutSecrets() {
        return new BucketSettings(
                scheme, endpoint, name, objectPrefix, Secret.NONE, Secret.NONE, network.withoutSecrets());
    }
}
