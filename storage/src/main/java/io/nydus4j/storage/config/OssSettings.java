package io.nydus4j.storage.config;

import java.util.Optional;

/**
 * Blobs in a bucket of Alibaba Cloud's object store.
 *
 * @param scheme          {@code http} or {@code https}, used as it is
 * @param endpoint        host of the region
 * @param bucketName      the bucket
 * @param objectPrefix    put before blob ids
 * @param accessKeyId     who signs
 * @param accessKeySecret what signs
 * @param network         connection
 */
public record OssSettings(
        String scheme,
        String endpoint,
        String bucketName,
        String objectPrefix,
        Secret accessKeyId,
        Secret accessKeySecret,
        NetworkSettings network)
        implements BackendSettings {
    @Override
    public String kind() {
        return "oss";
    }

    @Override
    public Optional<String> problem() {
        return endpoint.isEmpty() || bucketName.isEmpty()
                ? Optional.of("backend.oss: endpoint and bucket_name must be set")
                : network.problem();
    }

    OssSettings withoutSecrets() {
        return new OssSettings(
                scheme, endpoint, bucketName, objectPrefix, Secret.NONE, Secret.NONE, network.withoutSecrets());
    }
}
