package io.nydus4j.build;

import io.nydus4j.storage.BlobBackend;
import java.nio.file.Path;

/**
 * What {@link UnpackImage} unpacks and where to.
 *
 * @param bootstrap the image's metadata: a bootstrap, or a blob with inlined metadata
 * @param blobs     where the image's blobs are; the caller closes it
 * @param output    the tar archive to write, replaced when it is complete, or an existing FIFO; or a directory that is empty or missing
 * @param form      whether {@code output} is an archive or a directory
 */
public record UnpackOptions(Path bootstrap, BlobBackend blobs, Path output, Form form) {
    /** What an image is turned into. */
    public enum Form {
        /** A tar archive. */
        ARCHIVE,
        /** The files themselves. */
        DIRECTORY
    }

    /** Makes options to write an archive. */
    public UnpackOptions(Path bootstrap, BlobBackend blobs, Path output) {
        this(bootstrap, blobs, output, Form.ARCHIVE);
    }
}
