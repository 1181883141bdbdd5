package io.nydus4j.build;

import io.nydus4j.storage.BlobBackend;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What {@link CheckImage} checks.
 *
 * @param bootstrap  the image's metadata: a bootstrap, or a blob with inlined metadata
 * @param blobs      where the image's blobs are; needed if {@code verifyData}. The caller closes it
 * @param verifyData whether every chunk is read, decoded and compared with its checksum and digest
 * @param threads    threads that verify data, at least 1
 */
public record CheckOptions(Path bootstrap, Optional<BlobBackend> blobs, boolean verifyData, int threads) {
    /** Returns options that check metadata alone. */
    public static CheckOptions ofMetadata(Path bootstrap) {
        return new CheckOptions(bootstrap, Optional.empty(), false, 1);
    }
}
