package io.nydus4j.daemon;

import io.nydus4j.daemon.api.MountedBackend;
import io.nydus4j.daemon.metrics.FileSystemCounters;
import io.nydus4j.daemon.passthrough.PassthroughHandler;
import io.nydus4j.daemon.state.FileSystemType;
import io.nydus4j.daemon.state.MountRecord;
import io.nydus4j.daemon.vfs.MountedFileSystem;
import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.NativePath;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;

/** A directory of the host that is served through the daemon's FUSE mount, for reading. */
final class SharedDirectory implements ServedFileSystem {
    /** Number of the first node below the directory, as the reference counts. */
    private static final long FIRST_NODE = 2;

    private static final int SECOND_SHIFT = 20;

    private final String source;
    private final String mountPoint;
    private final int index;
    private final Instant mounted = Instant.now();
    private final PassthroughHandler handler;

    private SharedDirectory(String source, String mountPoint, int index, PassthroughHandler handler) {
        this.source = source;
        this.mountPoint = mountPoint;
        this.index = index;
        this.handler = handler;
    }

    /**
     * Opens a directory.
     *
     * @param source    its path
     * @param mountPoint where in the daemon's name space, as the request had it
     * @param index      index among the mounts, 1 to 255
     * @param atRoot     whether that is the root
     * @param inherited  whether a predecessor served it: then nodes get numbers that no predecessor gave
     * @throws IOException if it is not there or no directory; the message is the reference's
     */
    static SharedDirectory open(String source, String mountPoint, int index, boolean atRoot, boolean inherited)
            throws IOException {
        long first = inherited ? Instant.now().getEpochSecond() << SECOND_SHIFT : FIRST_NODE;
        try {
            return new SharedDirectory(
                    source, mountPoint, index, PassthroughHandler.open(NativePath.bytes(source), index, atRoot, first));
        } catch (ErrnoException e) {
            throw new IOException(
                    "passthroughfs failed to handle request, %s (os error %d)"
                            .formatted(Errno.message(e.errno()), e.errno()),
                    e);
        }
    }

    @Override
    public MountRecord record() {
        return new MountRecord(mountPoint, index, FileSystemType.PASSTHROUGH, source, "", Optional.empty(), mounted);
    }

    @Override
    public MountedBackend description() {
        return new MountedBackend(MountedBackend.PASSTHROUGH, mountPoint, ImageReports.time(mounted), Optional.empty());
    }

    @Override
    public Optional<MountedFileSystem> fuse() {
        return Optional.of(handler);
    }

    @Override
    public Optional<FileSystemCounters> counters() {
        return Optional.empty();
    }

    @Override
    public void start() {
        // there is nothing to do beside serving
    }

    @Override
    public void close() {
        handler.close();
    }
}
