package io.nydus4j.daemon.erofs;

import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.linux.mount.ErofsMount;
import io.nydus4j.linux.mount.MountEntry;
import io.nydus4j.linux.mount.MountFlags;
import io.nydus4j.linux.mount.MountTable;
import io.nydus4j.linux.mount.Mounts;
import io.nydus4j.storage.LazyBlob;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * An image that the kernel's EROFS serves: metadata from the bootstrap's file, data from the cache files of its blobs, which are filled
 * before the kernel reads them. Safe for use by several threads.
 */
public final class ErofsMounted {
    private final FillService fills;
    private final List<? extends LazyBlob> blobs;
    private final byte[] target;
    private final Superblock superblock;

    private ErofsMounted(FillService fills, List<? extends LazyBlob> blobs, byte[] target, Superblock superblock) {
        this.fills = fills;
        this.blobs = blobs;
        this.target = target;
        this.superblock = superblock;
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
        return added(fills, blobs, target, observer, () -> {
            List<byte[]> devices = new ArrayList<>();
            for (LazyBlob blob : blobs) {
                devices.add(bytes(fills.pathOf(blob)));
            }
            show(bootstrap, devices, blobs, bytes(target));
            try {
                return Superblock.note(fills.group(), bytes(target));
            } catch (IOException | RuntimeException e) {
                if (isMounted(target)) {
                    Mounts.unmount(bytes(target), MountFlags.DETACH | MountFlags.NO_FOLLOW);
                }
                throw e;
            }
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

    /** Takes over a mount that a predecessor made: its files are filled from now on. */
    public static ErofsMounted attach(
            FillService fills, List<? extends LazyBlob> blobs, Path target, ReadObserver observer) throws IOException {
        return added(fills, blobs, target, observer, () -> Superblock.note(fills.group(), bytes(target)));
    }

    /**
     * Takes over a mount that a predecessor made and that can be seen no more, but is in use.
     *
     * @param device what {@link #device} told the predecessor
     */
    public static ErofsMounted attachUnseen(
            FillService fills, List<? extends LazyBlob> blobs, Path target, ReadObserver observer, long device)
            throws IOException {
        return added(fills, blobs, target, observer, () -> new Superblock(fills.group(), device));
    }

    /** Has the kernel show what is to be read, which it may refuse. */
    private interface Showing {
        Superblock run() throws IOException;
    }

    private static ErofsMounted added(
            FillService fills, List<? extends LazyBlob> blobs, Path target, ReadObserver observer, Showing showing)
            throws IOException {
        List<LazyBlob> added = new ArrayList<>();
        try {
            for (LazyBlob blob : blobs) {
                add(fills, blob, observer);
                added.add(blob);
            }
            return new ErofsMounted(fills, List.copyOf(blobs), bytes(target), showing.run());
        } catch (IOException | RuntimeException e) {
            added.forEach(fills::remove);
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

    /** Returns the number of its device, by which a successor knows it. */
    public long device() {
        return superblock.device();
    }

    /** Tells whether a mount of a predecessor's can be seen no more, but is in use. */
    public static boolean isUnseen(FillService fills, Path target, long device) throws IOException {
        Superblock superblock = new Superblock(fills.group(), device);
        return superblock.isInUse() && !superblock.isOn(bytes(target), MountTable.read());
    }

    /** Tells whether the kernel asks for nothing any more: the mount needs no process. */
    public boolean isDetached() {
        return blobs.stream().noneMatch(fills::isAsked);
    }

    /** Tells whether the kernel asks for nothing of one of its blobs any more. */
    public boolean isComplete(LazyBlob blob) {
        return !fills.isAsked(blob);
    }

    /** Tells whether an EROFS is mounted on a directory, by a look that touches no mount. */
    public static boolean isMounted(Path target) throws IOException {
        byte[] directory = bytes(target);
        return MountTable.read().stream().anyMatch(entry -> Superblock.isErofs(entry, directory));
    }

    /** Tells whether it can be seen on its directory. */
    public boolean isMounted() throws IOException {
        return isAmong(MountTable.read());
    }

    /** Tells the same by a mount table that was read before. */
    public boolean isAmong(List<MountEntry> table) {
        return superblock.isOn(target, table);
    }

    /**
     * Tells whether nobody reads it any more: it was unmounted everywhere, and no file of it is open. What was taken out of sight while
     * somebody used it, or is seen in another mount namespace, is not gone.
     */
    public boolean isGone() throws IOException {
        return !superblock.isInUse();
    }

    /**
     * Unmounts.
     *
     * @return false if somebody uses the mount, which then stays
     * @throws IOException if the kernel refuses for another reason
     */
    public boolean unmount() throws IOException {
        if (isMounted()) {
            try {
                ErofsMount.unmount(target);
            } catch (ErrnoException e) {
                if (e.errno() == Errno.EBUSY) {
                    return false;
                }
                if (e.errno() != Errno.EINVAL && e.errno() != Errno.ENOENT) { // not a mount any more
                    throw e;
                }
            }
        }
        return true;
    }

    /** Lets go of the blobs; the mount must be gone or {@link #isDetached detached}. */
    public void detach() {
        blobs.forEach(fills::remove);
    }
}
