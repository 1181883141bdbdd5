package io.nydus4j.daemon.erofs;

import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.linux.mount.ErofsMount;
import io.nydus4j.storage.LazyBlob;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * An image that the kernel's EROFS serves: metadata from the bootstrap's file, data from the cache files of its blobs, which are filled
 * before the kernel reads them. Safe for use by several threads.
 */
public final class ErofsMounted extends KernelMount {
    /** The type, as mount tables have it. */
    public static final String TYPE = "erofs";

    private final FillService fills;
    private final List<? extends LazyBlob> blobs;

    private ErofsMounted(FillService fills, List<? extends LazyBlob> blobs, byte[] target, Superblock superblock) {
        super(target, superblock);
        this.fills = fills;
        this.blobs = blobs;
    }

    /**
     * Mounts an image.
     *
     * @param fills     fills its blobs
     * @param bootstrap file with nothing but the metadata, v6
     * @param blobs     its data by blob index, each with a file; open until this mount is gone
     * @param target    directory to mount on
     * @param observer  hears of what is read
     * @throws IOException if the kernel refuses; nothing is left behind
     */
    public static ErofsMounted mount(
            FillService fills, Path bootstrap, List<? extends LazyBlob> blobs, Path target, ReadObserver observer)
            throws IOException {
        return added(fills, blobs, target, observer, fills::remove, () -> {
            List<byte[]> devices = new ArrayList<>();
            for (LazyBlob blob : blobs) {
                devices.add(bytes(fills.pathOf(blob)));
            }
            show(bootstrap, devices, blobs, bytes(target));
            return noted(fills.group(), bytes(target), TYPE);
        });
    }

    private static void show(Path bootstrap, List<byte[]> devices, List<? extends LazyBlob> blobs, byte[] target)
            throws IOException {
        try {
            ErofsMount.mount(bytes(bootstrap), devices, target);
        } catch (ErrnoException e) {
            if (e.errno() != Errno.ENOTBLK || blobs.isEmpty()) {
                throw e;
            }
            // EROFS cannot read metadata from a tmpfs or an overlay, but from all that holds readers back.
            Path folder = Objects.requireNonNull(
                    blobs.getFirst().file().orElseThrow().toAbsolutePath().getParent());
            try (MetadataCopy copy = MetadataCopy.of(bootstrap, folder)) {
                ErofsMount.mount(bytes(copy.path()), devices, target);
            }
        }
    }

    /** Takes over a mount that a predecessor made: its files are filled from now on. If that fails, its readers wait for the next. */
    public static ErofsMounted attach(
            FillService fills, List<? extends LazyBlob> blobs, Path target, ReadObserver observer) throws IOException {
        return added(
                fills,
                blobs,
                target,
                observer,
                fills::leave,
                () -> Superblock.note(fills.group(), bytes(target), TYPE));
    }

    /**
     * Takes over a mount that a predecessor made and that can be seen no more, but is in use.
     *
     * @param device what {@link #device} told the predecessor
     */
    public static ErofsMounted attachUnseen(
            FillService fills, List<? extends LazyBlob> blobs, Path target, ReadObserver observer, long device)
            throws IOException {
        return added(fills, blobs, target, observer, fills::leave, () -> new Superblock(fills.group(), device, TYPE));
    }

    private static ErofsMounted added(
            FillService fills,
            List<? extends LazyBlob> blobs,
            Path target,
            ReadObserver observer,
            Consumer<LazyBlob> undo,
            Showing showing)
            throws IOException {
        List<LazyBlob> added = new ArrayList<>();
        try {
            for (LazyBlob blob : blobs) {
                add(fills, blob, observer);
                added.add(blob);
            }
            return new ErofsMounted(fills, List.copyOf(blobs), bytes(target), showing.run());
        } catch (IOException | RuntimeException e) {
            added.forEach(undo);
            throw e;
        }
    }

    private static void add(FillService fills, LazyBlob blob, ReadObserver observer) throws IOException {
        try {
            fills.add(blob, observer);
        } catch (ErrnoException e) {
            if (e.errno() != Errno.EOPNOTSUPP) {
                throw e;
            }
            throw new IOException(
                    "the file system of " + blob.file().orElseThrow()
                            + " cannot hold readers back, as ext4, XFS and Btrfs do",
                    e);
        }
    }

    private static byte[] bytes(Path path) {
        return NativePath.bytes(path);
    }

    @Override
    public boolean isDetached() {
        return blobs.stream().noneMatch(fills::isAsked);
    }

    @Override
    public boolean isComplete(LazyBlob blob) {
        return !fills.isAsked(blob);
    }

    /** Tells whether an EROFS is mounted on a directory, by a look that touches no mount. */
    public static boolean isMounted(Path target) throws IOException {
        return isMounted(TYPE, target);
    }

    @Override
    public BackgroundFill fillAll() {
        return BackgroundFill.start(blobs);
    }

    @Override
    public void detach() {
        blobs.forEach(fills::remove);
    }
}
