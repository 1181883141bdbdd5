package io.nydus4j.storage;

import io.nydus4j.blob.PositionalSource;

/**
 * Where blobs are stored: a directory, a registry, an object store. Safe for use by several threads.
 *
 * <p>The sources it opens may block on the network; their reads obey the backend's retry rules.
 */
public interface BlobBackend extends AutoCloseable {
    /** Returns the kind and place of this backend for messages; never holds a secret. */
    String description();

    /**
     * Opens a blob. The source is valid until this backend is closed and needs no closing of its own.
     *
     * @param blobId id of the blob, as the image has it
     * @throws BackendException if the blob cannot be had
     */
    PositionalSource open(String blobId) throws BackendException;

    /** Closes every source this backend has opened. */
    @Override
    void close();
}
