package io.nydus4j.linux.socket;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.OpenFlags;
import io.nydus4j.linux.file.PosixFiles;
import io.nydus4j.linux.libc.Libc;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The address of a Unix socket: family, 2 bytes, and at most 108 of a path with its NUL.
 *
 * <p>A longer path is reached through its directory, which stays open until the address is closed.
 */
final class SocketAddress implements AutoCloseable {
    private static final short AF_UNIX = 1;
    private static final int PATH_MAX = 107;

    private final byte[] path;
    private final @Nullable Descriptor directory;

    private SocketAddress(byte[] path, @Nullable Descriptor directory) {
        this.path = path;
        this.directory = directory;
    }

    /** Makes the address of a path; a NUL at its start means an abstract name. */
    static SocketAddress of(String call, byte[] path) throws ErrnoException {
        if (path.length <= PATH_MAX) {
            return new SocketAddress(path, null);
        }
        int slash = path.length - 1;
        while (slash > 0 && path[slash] != '/') {
            slash--;
        }
        byte[] parent = slash == 0 ? new byte[] {'.'} : Arrays.copyOf(path, slash);
        byte[] name = Arrays.copyOfRange(path, slash == 0 ? 0 : slash + 1, path.length);
        Descriptor directory =
                PosixFiles.open(Descriptor.WORKING_DIRECTORY, parent, OpenFlags.PATH | OpenFlags.DIRECTORY, 0);
        byte[] prefix = ("/proc/self/fd/" + directory.number() + "/").getBytes(StandardCharsets.US_ASCII);
        if (prefix.length + name.length > PATH_MAX) {
            directory.close();
            throw new ErrnoException(call, path, Errno.ENAMETOOLONG);
        }
        byte[] place = Arrays.copyOf(prefix, prefix.length + name.length);
        System.arraycopy(name, 0, place, prefix.length, name.length);
        return new SocketAddress(place, directory);
    }

    /** Writes it and returns its length, in bytes. */
    int write(long address) {
        Libc.MEMORY.set(JAVA_SHORT, address, AF_UNIX);
        MemorySegment.copy(path, 0, Libc.MEMORY, JAVA_BYTE, address + 2, path.length);
        Libc.MEMORY.set(JAVA_BYTE, address + 2 + path.length, (byte) 0);
        boolean isAbstract = path.length > 0 && path[0] == 0;
        return 2 + path.length + (isAbstract ? 0 : 1);
    }

    @Override
    public void close() throws ErrnoException {
        if (directory != null) {
            directory.close();
        }
    }
}
