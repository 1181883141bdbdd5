package io.nydus4j.storage.config;

import java.util.Optional;

/**
 * Blobs in a bucket of an S3 object store.
 *
 * @param scheme          {@code http} or {@code https}, used as it is
 * @param endpoint        host and port, empty for Amazon's own
 * @param region          region that signatures name
 * @param bucketName      the bucket
 * @param objectPrefix    put before blob ids
 * @param accessKeyId     who signs
 * @param accessKeySecret what signs
 * @param network         connection
 */
public record S3Settings(
        String scheme,
        String endpoint,
        String region,
        String bucketName,
        String objectPrefix,
        Secret accessKeyId,
        Secret accessKeySecret,
        NetworkSettings network)
        implements BackendSettings {
    @Override
    public String kind() {
        return "s3";
    }

    @Override
    public Optional<String> problem() {
        return region.isEmpty() || bucketName.isEmpty()
                ? Optional.of("backend.s3: region and bucket_name must be set")
                : network.problem();
    }

    S3Settings withoutSecrets() {
        return new S3Settings(
                scheme, endpoint, region, bucketName, objectPrefix, Secret.NONE, Secret.NONE, network.withoutSecrets());
    }
}
