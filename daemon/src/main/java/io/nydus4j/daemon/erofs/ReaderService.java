package io.nydus4j.daemon.erofs;

import io.nydus4j.linux.fanotify.PreContentGroup;
import java.io.IOException;

/** Answers readers that the kernel holds back. Safe for use by several threads. */
public interface ReaderService extends AutoCloseable {
    /** Returns the group that tells of readers, whose descriptor somebody else must hold, too. */
    PreContentGroup group();

    /** Begins to answer who waits, those since a predecessor's time first. To be called once. */
    void begin();

    /**
     * Stops, once those who wait have their answers. Readers that come later are let through when nobody else holds the group: unmount
     * before.
     */
    @Override
    void close() throws IOException;
}
