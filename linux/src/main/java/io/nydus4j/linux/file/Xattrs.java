package io.nydus4j.linux.file;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.libc.Scratch;
import io.nydus4j.linux.libc.SysXattr;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Extended attributes of a file below an open directory; of a symbolic link, its own.
 *
 * <p>Most calls take no directory, so names go by way of {@code /proc/self/fd}, which must be mounted. Names and values are raw bytes.
 * The empty file name means the open file itself, which may have been opened by {@link OpenFlags#PATH}.
 */
public final class Xattrs {
    private static final byte[] EMPTY = {};
    private static final int AT_SYMLINK_NOFOLLOW = 0x100;

    /** Cleared when the kernel is found to be older than the call. */
    private static volatile boolean hasListxattrat = true;

    private Xattrs() {}

    /** Lists the attribute names, such as {@code "user.note"}, in the file system's order; none where it has no attributes. */
    public static List<byte[]> list(Descriptor directory, byte[] name) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            long length = listBelow(scratch, directory, name);
            if (length == -Errno.EOPNOTSUPP || length == 0) {
                return List.of();
            }
            return split(copy(scratch, check("llistxattr", name, length)));
        }
    }

    private static long listBelow(Scratch scratch, Descriptor directory, byte[] name) throws ErrnoException {
        // Without a name the kernel refuses descriptors that were opened by path alone.
        if (hasListxattrat && name.length > 0) {
            long path = scratch.path("listxattrat", name);
            long length = SysXattr.listxattrat(
                    scratch, directory.number(), path, AT_SYMLINK_NOFOLLOW, scratch.data(), Scratch.DATA_SIZE);
            if (length == -Errno.ENOSYS) {
                hasListxattrat = false;
            } else if (length != -Errno.EPERM) { // so some sandboxes answer calls that they do not know
                return length;
            }
        }
        long path = scratch.path("llistxattr", path(directory, name));
        return name.length == 0
                ? SysXattr.listxattr(scratch, path, scratch.data(), Scratch.DATA_SIZE)
                : SysXattr.llistxattr(scratch, path, scratch.data(), Scratch.DATA_SIZE);
    }

    /**
     * Reads one attribute.
     *
     * @param attribute its name, such as {@code "security.capability"}
     * @return the value, which may be empty, or nothing where the file lacks the attribute
     */
    public static Optional<byte[]> get(Descriptor directory, byte[] name, byte[] attribute) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            long path = scratch.path("lgetxattr", path(directory, name));
            long key = scratch.secondPath("lgetxattr", attribute);
            long length = name.length == 0
                    ? SysXattr.getxattr(scratch, path, key, scratch.data(), Scratch.DATA_SIZE)
                    : SysXattr.lgetxattr(scratch, path, key, scratch.data(), Scratch.DATA_SIZE);
            if (length == -Errno.ENODATA || length == -Errno.EOPNOTSUPP) {
                return Optional.empty();
            }
            return Optional.of(copy(scratch, check("lgetxattr", name, length)));
        }
    }

    /** Sets one attribute, replacing it; the value has 0 to 65536 bytes. */
    public static void set(Descriptor directory, byte[] name, byte[] attribute, byte[] value) throws ErrnoException {
        set(directory, name, attribute, value, 0);
    }

    private static void set(Descriptor directory, byte[] name, byte[] attribute, byte[] value, int flags)
            throws ErrnoException {
        if (value.length > Scratch.DATA_SIZE) {
            throw new ErrnoException("lsetxattr", name, Errno.E2BIG);
        }
        try (Scratch scratch = Scratch.take()) {
            long path = scratch.path("lsetxattr", path(directory, name));
            long key = scratch.secondPath("lsetxattr", attribute);
            MemorySegment.copy(value, 0, scratch.memory(), JAVA_BYTE, scratch.dataOffset(), value.length);
            int result = name.length == 0
                    ? SysXattr.setxattr(scratch, path, key, scratch.data(), value.length, flags)
                    : SysXattr.lsetxattr(scratch, path, key, scratch.data(), value.length, flags);
            check("lsetxattr", name, result);
        }
    }

    /** Removes one attribute; fails with {@code ENODATA} where the file lacks it. */
    public static void remove(Descriptor directory, byte[] name, byte[] attribute) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            long path = scratch.path("lremovexattr", path(directory, name));
            long key = scratch.secondPath("lremovexattr", attribute);
            int result = name.length == 0
                    ? SysXattr.removexattr(scratch, path, key)
                    : SysXattr.lremovexattr(scratch, path, key);
            check("lremovexattr", name, result);
        }
    }

    /** Lists the attribute names of an open file. */
    public static List<byte[]> list(Descriptor file) throws ErrnoException {
        return list(file, EMPTY);
    }

    /** Reads one attribute of an open file; see {@link #get(Descriptor, byte[], byte[])}. */
    public static Optional<byte[]> get(Descriptor file, byte[] attribute) throws ErrnoException {
        return get(file, EMPTY, attribute);
    }

    /** Sets one attribute of an open file. */
    public static void set(Descriptor file, byte[] attribute, byte[] value) throws ErrnoException {
        set(file, EMPTY, attribute, value);
    }

    /**
     * Sets one attribute of an open file.
     *
     * @param flags as for {@code setxattr}: 1 it must be new, 2 it must be there
     */
    public static void set(Descriptor file, byte[] attribute, byte[] value, int flags) throws ErrnoException {
        set(file, EMPTY, attribute, value, flags);
    }

    /** Removes one attribute of an open file; fails with {@code ENODATA} where it lacks it. */
    public static void remove(Descriptor file, byte[] attribute) throws ErrnoException {
        remove(file, EMPTY, attribute);
    }

    /**
     * Makes the path by which the calls find the file. For the empty name it is the link in {@code /proc} to the open file, which
     * the calls without the {@code l} follow, even where it leads to a symbolic link that was opened as such.
     */
    private static byte[] path(Descriptor directory, byte[] name) {
        if (directory == Descriptor.WORKING_DIRECTORY || name.length > 0 && name[0] == '/') {
            return name;
        }
        String place = "/proc/self/fd/" + directory.number() + (name.length == 0 ? "" : "/");
        byte[] prefix = place.getBytes(StandardCharsets.US_ASCII);
        byte[] path = Arrays.copyOf(prefix, prefix.length + name.length);
        System.arraycopy(name, 0, path, prefix.length, name.length);
        return path;
    }

    private static byte[] copy(Scratch scratch, long length) {
        byte[] bytes = new byte[(int) length];
        MemorySegment.copy(scratch.memory(), JAVA_BYTE, scratch.dataOffset(), bytes, 0, bytes.length);
        return bytes;
    }

    private static List<byte[]> split(byte[] list) {
        List<byte[]> names = new ArrayList<>();
        int start = 0;
        for (int i = 0; i < list.length; i++) {
            if (list[i] == 0) {
                names.add(Arrays.copyOfRange(list, start, i));
                start = i + 1;
            }
        }
        return names;
    }

    private static long check(String call, byte[] name, long result) throws ErrnoException {
        if (result < 0) {
            throw new ErrnoException(call, name, (int) -result);
        }
        return result;
    }
}
