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
     * Leaves readers that come from now on to a successor, who goes on with what is mounted. Returns once those who wait already have their
     * answers. May be called several times.
     */
    void leave();

    /** {@linkplain #leave Leaves} and stops. Readers are let through then when nobody else holds the group: unmount before. */
    @Override
    void close() throws IOException;
}
