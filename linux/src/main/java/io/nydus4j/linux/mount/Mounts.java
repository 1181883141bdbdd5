package io.nydus4j.linux.mount;

import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.RawBytes;
import io.nydus4j.linux.libc.Scratch;
import io.nydus4j.linux.libc.SysMount;

/** Calls {@code mount} and {@code umount2}. All methods need the right to mount ({@code CAP_SYS_ADMIN}). */
public final class Mounts {
    private static final int MAX_DATA = 4095;

    private Mounts() {}

    /**
     * Mounts.
     *
     * @param source what, as text for the mount table or a path, in the scheme of {@link RawBytes}
     * @param target where, as raw bytes
     * @param type   type of the file system, empty for binds and remounts
     * @param flags  bits of {@link MountFlags}
     * @param data   the file system's options, separated by commas, at most 4095 bytes
     */
    public static void mount(String source, byte[] target, String type, long flags, String data) throws ErrnoException {
        byte[] options = RawBytes.bytes(data);
        if (options.length > MAX_DATA) {
            throw new IllegalArgumentException("mount options of " + options.length + " bytes");
        }
        try (Scratch scratch = Scratch.take()) {
            long sourceAddress = scratch.secondPath("mount", RawBytes.bytes(source));
            long targetAddress = scratch.path("mount", target);
            long typeAddress = scratch.string(RawBytes.bytes(type), 0);
            long dataAddress = scratch.string(options, Scratch.PATH_MAX);
            int result = SysMount.mount(scratch, sourceAddress, targetAddress, typeAddress, flags, dataAddress);
            if (result < 0) {
                throw new ErrnoException("mount", target, -result);
            }
        }
    }

    /**
     * Takes a mount out of sight: who has a file of it open goes on to use it.
     *
     * @param target where, as raw bytes; not through a symbolic link at its end
     */
    public static void detach(byte[] target) throws ErrnoException {
        unmount(target, MountFlags.DETACH | MountFlags.NO_FOLLOW);
    }

    /**
     * Unmounts.
     *
     * @param target where, as raw bytes
     * @param flags  0, {@link MountFlags#FORCE}, {@link MountFlags#DETACH}, {@link MountFlags#NO_FOLLOW}
     */
    public static void unmount(byte[] target, int flags) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            int result = SysMount.umount2(scratch, scratch.path("umount2", target), flags);
            if (result < 0) {
                throw new ErrnoException("umount2", target, -result);
            }
        }
    }
}
