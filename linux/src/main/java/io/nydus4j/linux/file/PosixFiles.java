package io.nydus4j.linux.file;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.libc.Fcntl;
import io.nydus4j.linux.libc.Scratch;
import io.nydus4j.linux.libc.Stdio;
import io.nydus4j.linux.libc.SysStat;
import io.nydus4j.linux.libc.Unistd;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Looks up, makes, renames, removes and marks files by name.
 *
 * <p>Each method takes an open directory and a name below it: one component, or a relative path of less than 4096 bytes, or an
 * absolute path, for which the directory does not matter. Names are raw bytes. Nothing follows a symbolic link at the end of a name;
 * the components before it are followed, so a walk over a hostile tree opens every directory by {@link #openDirectory} and uses
 * single components.
 *
 * <p>All methods throw {@link ErrnoException} with the kernel's error number and the name, and may be called by any thread.
 */
public final class PosixFiles {
    private static final int AT_SYMLINK_NOFOLLOW = 0x100;
    private static final int AT_REMOVEDIR = 0x200;
    private static final int AT_SYMLINK_FOLLOW = 0x400;
    private static final int AT_NO_AUTOMOUNT = 0x800;
    private static final int STATX_BASIC_STATS = 0x7FF;
    private static final int RENAME_NOREPLACE = 1;
    private static final int RENAME_EXCHANGE = 2;

    /** In the place of nanoseconds: the present. */
    public static final int TIME_NOW = 0x3FFFFFFF;
    /** In the place of nanoseconds: the time stays. */
    public static final int TIME_KEPT = 0x3FFFFFFE;

    private PosixFiles() {}

    /**
     * Opens a file.
     *
     * @param flags bits of {@link OpenFlags}; it always closes at {@code exec}. Without {@link OpenFlags#NO_FOLLOW} a symbolic link
     *     is followed
     * @param mode  permission bits of a file that gets created, subject to the umask
     */
    public static Descriptor open(Descriptor directory, byte[] name, int flags, int mode) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            long path = scratch.path("openat", name);
            int result;
            do {
                result = Fcntl.openat(scratch, directory.number(), path, flags | OpenFlags.CLOSE_ON_EXEC, mode);
            } while (result == -Errno.EINTR);
            return Descriptor.adopt(check("openat", name, result));
        }
    }

    /**
     * Takes the room on the disk that a file is to have, where its file system can: a store into mapped memory has no way to say that there
     * is none. Lets the file grow to that size.
     *
     * @param path of a file that is there
     * @param size in bytes
     */
    public static void reserve(byte[] path, long size) throws ErrnoException {
        try (Descriptor file = open(Descriptor.WORKING_DIRECTORY, path, OpenFlags.READ_WRITE, 0)) {
            file.allocate(0, size);
        } catch (ErrnoException e) {
            if (e.errno() != Errno.EOPNOTSUPP) { // then the file system has its own way
                throw e;
            }
        }
    }

    /** Opens a directory for listing and as a place for look-ups; refuses a symbolic link. */
    public static Descriptor openDirectory(Descriptor directory, byte[] name) throws ErrnoException {
        return open(directory, name, OpenFlags.READ_ONLY | OpenFlags.DIRECTORY | OpenFlags.NO_FOLLOW, 0);
    }

    /** Reads the status of a file; of a symbolic link, its own. */
    public static FileStatus status(Descriptor directory, byte[] name) throws ErrnoException {
        return status("lstat", directory, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT);
    }

    /** Reads the status of a file, following symbolic links. */
    public static FileStatus statusFollowing(Descriptor directory, byte[] name) throws ErrnoException {
        return status("stat", directory, name, AT_NO_AUTOMOUNT);
    }

    /** Reads the status of a file, its own if it is a symbolic link, or nothing where there is no such file. */
    public static Optional<FileStatus> statusIfPresent(Descriptor directory, byte[] name) throws ErrnoException {
        try {
            return Optional.of(status(directory, name));
        } catch (ErrnoException e) {
            if (e.errno() == Errno.ENOENT || e.errno() == Errno.ENOTDIR) {
                return Optional.empty();
            }
            throw e;
        }
    }

    static FileStatus status(String call, Descriptor directory, byte[] name, int flags) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            long path = scratch.path(call, name);
            int result = SysStat.statx(scratch, directory.number(), path, flags, STATX_BASIC_STATS, scratch.struct());
            check(call, name, result);
            return FileStatus.read(scratch.struct());
        }
    }

    /** Reads the target of a symbolic link, as raw bytes. */
    public static byte[] readLink(Descriptor directory, byte[] name) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            long path = scratch.path("readlinkat", name);
            long length = Unistd.readlinkat(scratch, directory.number(), path, scratch.data(), Scratch.DATA_SIZE);
            byte[] target = new byte[check("readlinkat", name, (int) length)];
            MemorySegment.copy(scratch.memory(), JAVA_BYTE, scratch.dataOffset(), target, 0, target.length);
            return target;
        }
    }

    /** Makes a directory. */
    public static void makeDirectory(Descriptor directory, byte[] name, int mode) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            long path = scratch.path("mkdirat", name);
            check("mkdirat", name, SysStat.mkdirat(scratch, directory.number(), path, mode));
        }
    }

    /**
     * Makes a node of any kind but a directory or a symbolic link.
     *
     * @param mode   type and permission bits, see {@link Mode}
     * @param device for devices the number, see {@link DeviceNumbers}, else 0
     */
    public static void makeNode(Descriptor directory, byte[] name, int mode, long device) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            long path = scratch.path("mknodat", name);
            check("mknodat", name, SysStat.mknodat(scratch, directory.number(), path, mode, device));
        }
    }

    /**
     * Makes a symbolic link.
     *
     * @param target where it points, any bytes but NUL, 1 to 4095 of them
     */
    public static void makeSymlink(byte[] target, Descriptor directory, byte[] name) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            long to = scratch.secondPath("symlinkat", target);
            long path = scratch.path("symlinkat", name);
            check("symlinkat", name, Unistd.symlinkat(scratch, to, directory.number(), path));
        }
    }

    /** Gives a file, which may be a symbolic link but not a directory, a second name. */
    public static void makeLink(Descriptor oldDirectory, byte[] oldName, Descriptor directory, byte[] name)
            throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            long from = scratch.secondPath("linkat", oldName);
            long path = scratch.path("linkat", name);
            check("linkat", name, Unistd.linkat(scratch, oldDirectory.number(), from, directory.number(), path, 0));
        }
    }

    /** Gives an open file, which may have been opened by {@link OpenFlags#PATH}, another name; needs {@code /proc}. */
    public static void makeLink(Descriptor file, Descriptor directory, byte[] name) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            long from = scratch.secondPath("linkat", file.procName());
            long path = scratch.path("linkat", name);
            int result = Unistd.linkat(scratch, -1, from, directory.number(), path, AT_SYMLINK_FOLLOW);
            check("linkat", name, result);
        }
    }

    /** Removes a name that is not a directory's. */
    public static void remove(Descriptor directory, byte[] name) throws ErrnoException {
        unlink(directory, name, 0);
    }

    /** Removes an empty directory. */
    public static void removeDirectory(Descriptor directory, byte[] name) throws ErrnoException {
        unlink(directory, name, AT_REMOVEDIR);
    }

    private static void unlink(Descriptor directory, byte[] name, int flags) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            long path = scratch.path("unlinkat", name);
            check("unlinkat", name, Unistd.unlinkat(scratch, directory.number(), path, flags));
        }
    }

    /** Renames, replacing what has the new name. */
    public static void rename(Descriptor oldDirectory, byte[] oldName, Descriptor directory, byte[] name)
            throws ErrnoException {
        rename(oldDirectory, oldName, directory, name, 0);
    }

    /** Renames, and fails with {@code EEXIST} if the new name is taken. */
    public static void renameNew(Descriptor oldDirectory, byte[] oldName, Descriptor directory, byte[] name)
            throws ErrnoException {
        rename(oldDirectory, oldName, directory, name, RENAME_NOREPLACE);
    }

    /** Exchanges two names. */
    public static void exchange(Descriptor oldDirectory, byte[] oldName, Descriptor directory, byte[] name)
            throws ErrnoException {
        rename(oldDirectory, oldName, directory, name, RENAME_EXCHANGE);
    }

    /**
     * Renames as {@code renameat2} does.
     *
     * @param flags that call's
     */
    public static void rename(Descriptor oldDirectory, byte[] oldName, Descriptor directory, byte[] name, int flags)
            throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            long from = scratch.secondPath("renameat2", oldName);
            long path = scratch.path("renameat2", name);
            int result = Stdio.renameat2(scratch, oldDirectory.number(), from, directory.number(), path, flags);
            check("renameat2", name, result);
        }
    }

    /** Sets owner and group, each unsigned or -1 to leave it; of a symbolic link, its own. */
    public static void changeOwner(Descriptor directory, byte[] name, int uid, int gid) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            long path = scratch.path("fchownat", name);
            int result = Unistd.fchownat(scratch, directory.number(), path, uid, gid, AT_SYMLINK_NOFOLLOW);
            check("fchownat", name, result);
        }
    }

    /** Sets the permission bits of a file; fails with {@code EOPNOTSUPP} for a symbolic link, which has none of its own. Needs {@code /proc}. */
    public static void changeMode(Descriptor directory, byte[] name, int mode) throws ErrnoException {
        changeMode(directory, name, mode, AT_SYMLINK_NOFOLLOW);
    }

    /** Sets the permission bits of a file; links are followed unless {@code flags} say otherwise. */
    static void changeMode(Descriptor directory, byte[] name, int mode, int flags) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            long path = scratch.path("fchmodat", name);
            check("fchmodat", name, SysStat.fchmodat(scratch, directory.number(), path, mode, flags));
        }
    }

    /** Sets the times of last access and last change; of a symbolic link, its own. */
    public static void changeTimes(
            Descriptor directory, byte[] name, long atimeSeconds, int atimeNanos, long mtimeSeconds, int mtimeNanos)
            throws ErrnoException {
        changeTimes(directory, name, AT_SYMLINK_NOFOLLOW, atimeSeconds, atimeNanos, mtimeSeconds, mtimeNanos);
    }

    /**
     * Sets the times of an open file, which may have been opened by {@link OpenFlags#PATH}; nanoseconds may be {@link #TIME_NOW} or
     * {@link #TIME_KEPT}. Needs {@code /proc}.
     */
    public static void changeTimes(
            Descriptor file, long atimeSeconds, int atimeNanos, long mtimeSeconds, int mtimeNanos)
            throws ErrnoException {
        changeTimes(
                Descriptor.WORKING_DIRECTORY, file.procName(), 0, atimeSeconds, atimeNanos, mtimeSeconds, mtimeNanos);
    }

    private static void changeTimes(
            Descriptor directory,
            byte[] name,
            int flags,
            long atimeSeconds,
            int atimeNanos,
            long mtimeSeconds,
            int mtimeNanos)
            throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            long path = scratch.path("utimensat", name);
            MemorySegment memory = scratch.memory();
            long times = scratch.structOffset();
            memory.set(JAVA_LONG, times, atimeSeconds);
            memory.set(JAVA_LONG, times + 8, atimeNanos);
            memory.set(JAVA_LONG, times + 16, mtimeSeconds);
            memory.set(JAVA_LONG, times + 24, mtimeNanos);
            check("utimensat", name, SysStat.utimensat(scratch, directory.number(), path, scratch.struct(), flags));
        }
    }

    private static int check(String call, byte[] name, int result) throws ErrnoException {
        if (result < 0) {
            throw new ErrnoException(call, name, -result);
        }
        return result;
    }
}
