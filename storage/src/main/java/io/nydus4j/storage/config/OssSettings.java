package io.nydus4j.storage.config;

import java.util.Optional;

/**
 * Blobs in Alibaba Cloud's object store.
 *
 * @param bucket where they are; its endpoint is the host of the region
 */
public record OssSettings(BucketSettings bucket) implements BackendSettings {
    @Override
    public String kind() {
        return "oss";
    }

    @Override
    public Optional<String> problem() {
        return bucket.endpoint().isEmpty() || bucket.name().isEmpty()
                ? Optional.of("backend.oss: endpoint and bucket_name must be set")
                : bucket.network().problem();
    }

    OssSettings withoutSecrets() {
        return new OssSettings(bucket.withoutSecrets());
    }
}
