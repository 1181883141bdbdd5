package io.nydus4j.daemon.erofs;

import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.fanotify.PreContentGroup;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.linux.mount.ErofsMount;
import io.nydus4j.linux.mount.MountEntry;
import io.nydus4j.linux.mount.MountTable;
import io.nydus4j.linux.mount.Mounts;
import io.nydus4j.storage.LazyBlob;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** An image that the kernel shows on a directory without asking for each request. Safe for use by several threads. */
public abstract sealed class KernelMount permits ErofsMounted, ComposefsMounted {
    private final byte[] target;
    private final Superblock superblock;

    KernelMount(byte[] target, Superblock superblock) {
        this.target = target;
        this.superblock = superblock;
    }

    /** Has the kernel show what is to be read, which it may refuse. */
    @FunctionalInterface
    interface Showing {
        /** Has it shown; returns what is. */
        Superblock run() throws IOException;
    }

    /** Notes what was just mounted on a directory; unmounts it if that fails. */
    static Superblock noted(PreContentGroup group, byte[] target, String type) throws IOException {
        try {
            return Superblock.note(group, target, type);
        } catch (IOException | RuntimeException e) {
            if (isMounted(type, target)) {
                Mounts.detach(target);
            }
            throw e;
        }
    }

    /** Tells whether a file system of a type is mounted on a directory, by a look that touches no mount. */
    public static boolean isMounted(String type, Path target) throws IOException {
        return isMounted(type, NativePath.bytes(target));
    }

    private static boolean isMounted(String type, byte[] directory) throws IOException {
        return MountTable.read().stream().anyMatch(entry -> Superblock.isOf(type, entry, directory));
    }

    /** Tells whether a mount of a predecessor's can be seen no more, but is in use. */
    public static boolean isUnseen(PreContentGroup group, String type, Path target, long device) throws IOException {
        Superblock superblock = new Superblock(group, device, type);
        return superblock.isInUse() && !superblock.isOn(NativePath.bytes(target), MountTable.read());
    }

    /** Returns the number of its device, by which a successor knows it. */
    public final long device() {
        return superblock.device();
    }

    /** Tells whether it can be seen on its directory. */
    public final boolean isMounted() throws IOException {
        return isAmong(MountTable.read());
    }

    /** Tells the same by a mount table that was read before. */
    public final boolean isAmong(List<MountEntry> table) {
        return superblock.isOn(target, table);
    }

    /**
     * Tells whether nobody reads it any more: it was unmounted everywhere, and no file of it is open. What was taken out of sight while
     * somebody used it, or is seen in another mount namespace, is not gone.
     */
    public final boolean isGone() throws IOException {
        return !superblock.isInUse();
    }

    /**
     * Unmounts.
     *
     * @return false if somebody uses the mount, which then stays
     * @throws IOException if the kernel refuses for another reason
     */
    public final boolean unmount() throws IOException {
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

    /** Tells whether the kernel asks for nothing any more: the mount needs no process. */
    public abstract boolean isDetached();

    /** Tells whether the kernel asks for nothing of one of its blobs any more. */
    public abstract boolean isComplete(LazyBlob blob);

    /** Starts to fetch all that is missing; returns at once. */
    public abstract BackgroundFill fillAll();

    /** Lets go of the data; the mount must be gone or {@link #isDetached detached}. */
    public abstract void detach();
}
