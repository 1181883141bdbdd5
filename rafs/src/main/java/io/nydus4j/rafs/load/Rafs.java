package io.nydus4j.rafs.load;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.Inode;
import io.nydus4j.rafs.InodeReader;
import io.nydus4j.rafs.RafsMode;
import io.nydus4j.rafs.RafsVersion;
import io.nydus4j.rafs.Superblock;
import io.nydus4j.rafs.v5.V5Bootstrap;
import io.nydus4j.rafs.v6.V6Bootstrap;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A loaded image: its bootstrap, which can be exchanged for a newer one while it is read.
 *
 * <p>Safe for use by several threads. Views made before an exchange stay valid, on the old bootstrap. After {@link #close()} every
 * access to the bootstrap throws {@link IllegalStateException}; none ever sees memory that is gone.
 */
public final class Rafs implements Bootstrap {
    /** A bootstrap with its blobs as this image's place makes them. */
    private record State(Bootstrap bootstrap, List<BlobInfo> blobs) {}

    private final LoadOptions options;
    private volatile State state;

    /** Guards {@link #superseded} and changes of {@link #state}. */
    private final Object lock = new Object();

    private final List<Bootstrap> superseded = new ArrayList<>();

    private Rafs(LoadOptions options, State state) {
        this.options = options;
        this.state = state;
    }

    /**
     * Loads an image.
     *
     * <p>{@code path} is a bootstrap; or a data blob's name, in whatever folder, where the bootstrap is inlined in the blob and
     * {@code options} tell where blobs are. May block on the network then.
     *
     * @throws UnsupportedOperationException if the mode is {@link RafsMode#CACHED} and the image is of v6
     * @throws RafsFormatException           if the image is broken
     * @throws IOException                   if reading fails
     */
    public static Rafs load(Path path, LoadOptions options) throws IOException {
        return new Rafs(options, loadState(path, options));
    }

    private static State loadState(Path path, LoadOptions options) throws IOException {
        try {
            Bootstrap bootstrap = open(path, options);
            return named(bootstrap, path, blob -> blob.features().has(BlobFeatures.INLINED_FS_META));
        } catch (IOException e) {
            Optional<LoadOptions.InlinedBlobs> blobs = options.inlinedBlobs();
            if (blobs.isEmpty()) {
                throw e;
            }
            Path extracted = extract(blobs.get(), blobId(path), e);
            return named(
                    open(extracted, options),
                    path,
                    blob -> blob.features().has(BlobFeatures.INLINED_FS_META)
                            || !blob.features().has(BlobFeatures.CAP_TAR_TOC));
        }
    }

    /** Extracts a blob's bootstrap; where that fails, the reason to try it is what counts. */
    private static Path extract(LoadOptions.InlinedBlobs blobs, String blobId, IOException reason) throws IOException {
        Path target = blobs.target(blobId);
        try {
            BootstrapExtraction.extract(blobs.open(blobId), target);
            return target;
        } catch (IOException e) {
            reason.addSuppressed(e);
            throw reason;
        }
    }

    /** Gives the blobs that {@code inlined} accepts the id that the file name tells. */
    private static State named(Bootstrap bootstrap, Path path, Predicate<BlobInfo> inlined) {
        List<BlobInfo> blobs = bootstrap.blobs();
        if (blobs.stream().anyMatch(inlined)) {
            Optional<String> pathId = Optional.of(blobId(path));
            blobs = blobs.stream()
                    .map(blob ->
                            inlined.test(blob) ? blob.toBuilder().pathId(pathId).build() : blob)
                    .toList();
        }
        return new State(bootstrap, blobs);
    }

    /**
     * Returns the blob id that a file name tells: the name up to its first dot, a leading one left aside.
     *
     * @throws IllegalArgumentException if the path has no file name
     */
    public static String blobId(Path path) {
        Path name = path.getFileName();
        if (name == null || name.toString().isEmpty()) {
            throw new IllegalArgumentException("no file name in " + path);
        }
        String id = name.toString();
        for (int dot = id.lastIndexOf('.'); dot > 0; dot = id.lastIndexOf('.')) {
            id = id.substring(0, dot);
        }
        return id;
    }

    private static Bootstrap open(Path path, LoadOptions options) throws IOException {
        Arena arena = Arena.ofShared();
        try {
            AtomicBoolean closed = new AtomicBoolean();
            Bootstrap bootstrap = open(content(path, options.mode(), arena), options.mode(), () -> {
                if (closed.compareAndSet(false, true)) {
                    arena.close();
                }
            });
            if (bootstrap instanceof V5Bootstrap v5) {
                if (options.mode() == RafsMode.CACHED) {
                    v5.validateInodes();
                }
                if (options.validateDigests()) {
                    v5.validateDigests();
                }
            }
            return bootstrap;
        } catch (IOException | RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    /** Returns the bytes of a file: mapped, or copied. */
    private static MemorySegment content(Path path, RafsMode mode, Arena arena) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            return switch (mode) {
                case DIRECT -> channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
                case CACHED -> copy(channel, arena);
            };
        }
    }

    private static MemorySegment copy(FileChannel channel, Arena arena) throws IOException {
        long size = channel.size();
        if (size > Integer.MAX_VALUE) {
            throw new RafsFormatException(
                    "superblock", 0, "expected a file of at most 2 GiB, found " + size + " bytes");
        }
        MemorySegment copy = arena.allocate(size, Long.BYTES);
        ByteBuffer target = copy.asByteBuffer();
        while (target.hasRemaining()) {
            if (channel.read(target) < 0) {
                throw new EOFException("the file shrank while it was read");
            }
        }
        return copy.asReadOnly();
    }

    private static Bootstrap open(MemorySegment file, RafsMode mode, Runnable onClose) throws RafsFormatException {
        if (V5Bootstrap.matches(file)) {
            return V5Bootstrap.open(file, onClose);
        }
        if (V6Bootstrap.matches(file)) {
            V6Bootstrap bootstrap = V6Bootstrap.open(file, onClose);
            if (mode == RafsMode.CACHED) {
                throw new UnsupportedOperationException("Rafs v6 does not support cached mode");
            }
            return bootstrap;
        }
        throw new RafsFormatException("superblock", 0, "invalid RAFS superblock");
    }

    /**
     * Exchanges the bootstrap for that of another file, which must be of the same version and have as many blobs. If this fails,
     * nothing changes.
     *
     * @return the bootstrap that was in use until now, which stays open for those who read it; the caller closes it when nobody does
     *     any more, or leaves that to {@link #close()}
     * @throws UnsupportedOperationException if the mode is {@link RafsMode#CACHED}
     * @throws RafsFormatException           if the new image is broken or does not fit
     * @throws IOException                   if reading fails
     */
    public Bootstrap update(Path path) throws IOException {
        if (options.mode() == RafsMode.CACHED) {
            throw new UnsupportedOperationException("an image in cached mode cannot be updated");
        }
        State loaded = loadState(path, options);
        try {
            synchronized (lock) {
                State old = state;
                checkUpdate(old, loaded);
                superseded.add(old.bootstrap());
                state = loaded;
                return old.bootstrap();
            }
        } catch (RafsFormatException e) {
            loaded.bootstrap().close();
            throw e;
        }
    }

    private static void checkUpdate(State old, State loaded) throws RafsFormatException {
        RafsVersion version = old.bootstrap().superblock().version();
        RafsVersion newVersion = loaded.bootstrap().superblock().version();
        if (version != newVersion) {
            throw new RafsFormatException("superblock", 0, "expected RAFS " + version + ", found " + newVersion);
        }
        if (old.blobs().size() != loaded.blobs().size()) {
            throw new RafsFormatException(
                    "blob table",
                    -1,
                    "expected " + old.blobs().size() + " blobs as before, found "
                            + loaded.blobs().size());
        }
    }

    /** Returns the bootstrap in use, which an {@link #update(Path)} does not change. */
    public Bootstrap current() {
        return state.bootstrap();
    }

    /** Returns how the image is held. */
    public RafsMode mode() {
        return options.mode();
    }

    @Override
    public Superblock superblock() {
        return state.bootstrap().superblock();
    }

    /** Returns the data blobs, by blob index, with the ids that the place of the file gives them. */
    @Override
    public List<BlobInfo> blobs() {
        return state.blobs();
    }

    @Override
    public long rootIno() {
        return state.bootstrap().rootIno();
    }

    @Override
    public long maxIno() {
        return state.bootstrap().maxIno();
    }

    @Override
    public Inode inode(long ino) throws RafsFormatException {
        return state.bootstrap().inode(ino);
    }

    @Override
    public InodeReader reader() {
        return state.bootstrap().reader();
    }

    @Override
    public byte @Nullable [] path(long ino) throws RafsFormatException {
        return state.bootstrap().path(ino);
    }

    @Override
    public List<Long> prefetchTable() throws RafsFormatException {
        return state.bootstrap().prefetchTable();
    }

    @Override
    public long mappedBlockAddress(int blobIndex) {
        return state.bootstrap().mappedBlockAddress(blobIndex);
    }

    @Override
    public void forEachChunk(Consumer<ChunkRecord> consumer) throws RafsFormatException {
        state.bootstrap().forEachChunk(consumer);
    }

    @Override
    public long byteSize() {
        return state.bootstrap().byteSize();
    }

    /** Closes the bootstrap in use and all that were before it. */
    @Override
    public void close() {
        synchronized (lock) {
            superseded.forEach(Bootstrap::close);
            superseded.clear();
            state.bootstrap().close();
        }
    }
}
