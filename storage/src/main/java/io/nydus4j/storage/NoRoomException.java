package io.nydus4j.storage;

import java.io.IOException;

/** Says that data could not be put into a cache, for want of room as a rule: {@link LazyBlob#read} may still get it. */
public final class NoRoomException extends IOException {
    private static final long serialVersionUID = 1L;

    /**
     * Describes the failure.
     *
     * @param blobId the blob whose cache it is
     * @param cause  what writing said
     */
    public NoRoomException(String blobId, IOException cause) {
        super("the cache of blob " + blobId + " cannot be written to: " + cause.getMessage(), cause);
    }
}
