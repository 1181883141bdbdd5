package io.nydus4j.storage.config;

import java.util.Optional;

/**
 * Blobs in an S3 object store.
 *
 * @param region region that signatures name
 * @param bucket where they are; its endpoint is empty for Amazon's own
 */
public record S3Settings(String region, BucketSettings bucket) implements BackendSettings {
    @Override
    public String kind() {
        return "s3";
    }

    @Override
    public Optional<String> problem() {
        return region.isEmpty() || bucket.name().isEmpty()
                ? Optional.of("backend.s3: region and bucket_name must be set")
                : bucket.network().problem();
    }

    S3Settings withoutSecrets() {
        return new S3Settings(region, bucket.withoutSecrets());
    }
}
