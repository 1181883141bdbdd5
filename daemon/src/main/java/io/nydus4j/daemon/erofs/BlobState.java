package io.nydus4j.daemon.erofs;

import java.util.Locale;

/** How much a blob that the kernel reads still needs a process. */
public enum BlobState {
    /** What is read is fetched. */
    LAZY,
    /** All of it is being fetched. */
    FILLING,
    /** All of it is here. */
    COMPLETE,
    /** All of it is here, as is all else that its mount needs: the mount lives without a process. */
    DETACHED;

    /** Returns the word for this state. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
