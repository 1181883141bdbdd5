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

/** A directory of the host that is served through the daemon's FUSE mount. */
final class SharedDirectory implements ServedFileSystem {
    private final String source;
    private final MountPlace place;
    private final Instant mounted = Instant.now();
    private final PassthroughHandler handler;

    private SharedDirectory(String source, MountPlace place, PassthroughHandler handler) {
        this.source = source;
        this.place = place;
        this.handler = handler;
    }

    /**
     * Opens a directory.
     *
     * @param source its path
     * @param place  if it is a predecessor's, nodes get numbers that no predecessor gave
     * @throws IOException if it is not there or no directory, with the reference's message, or if it would show itself
     */
    static SharedDirectory open(String source, MountPlace place) throws IOException {
        byte[] path = NativePath.bytes(source);
        try {
            OwnMount.refuse(path, place.shown());
            return new SharedDirectory(
                    source,
                    place,
                    PassthroughHandler.open(path, place.index(), place.atRoot(), place.inherited(), place.journal()));
        } catch (ErrnoException e) {
            throw new IOException(
                    "passthroughfs failed to handle request, %s (os error %d)"
                            .formatted(Errno.message(e.errno()), e.errno()),
                    e);
        }
    }

    @Override
    public MountRecord record() {
        return new MountRecord(
                place.mountPoint(), place.index(), FileSystemType.PASSTHROUGH, source, "", Optional.empty(), mounted);
    }

    @Override
    public MountedBackend description() {
        return new MountedBackend(
                MountedBackend.PASSTHROUGH, place.mountPoint(), ImageReports.time(mounted), Optional.empty());
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
