package io.nydus4j.daemon;

import io.nydus4j.daemon.api.MountedBackend;
import io.nydus4j.daemon.metrics.FileSystemCounters;
import io.nydus4j.daemon.state.MountRecord;
import io.nydus4j.daemon.vfs.MountedFileSystem;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/**
 * A file system that the daemon serves, whatever it is and by whatever front end. {@link Mounts} opens it, shows it and closes it; what
 * is served through the daemon's FUSE mount is attached to the VFS meanwhile.
 *
 * <p>Closing frees what requests use; so before, none may be under way.
 */
interface ServedFileSystem extends AutoCloseable {
    /** Returns what is needed to mount it again. */
    MountRecord record();

    /** Returns what the API tells of it. */
    MountedBackend description();

    /** Returns what answers in the daemon's FUSE mount; empty if it is served otherwise. */
    Optional<MountedFileSystem> fuse();

    /** Returns what is counted of it; empty if nothing is. */
    Optional<FileSystemCounters> counters();

    /** Returns the image that it is, if it is one. */
    default Optional<ServedImage> image() {
        return Optional.empty();
    }

    /**
     * Takes it out of sight, where that is not done by detaching what answers.
     *
     * @return false if somebody uses it, and it stays
     * @throws IOException if that is refused for another reason
     */
    default boolean withdraw() throws IOException {
        return true;
    }

    /** Starts what goes on beside serving; returns at once. */
    void start() throws IOException;

    /** Waits until no request is under way any more; new ones no longer come. Tells whether that came to be in time. */
    default boolean awaitIdle(Duration patience) throws InterruptedException {
        Optional<MountedFileSystem> fuse = fuse();
        return fuse.isEmpty() || fuse.get().awaitIdle(patience);
    }

    @Override
    void close();
}
