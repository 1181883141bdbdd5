package io.nydus4j.linux.libc;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The native memory of one call: the place where the linker puts {@code errno}, room for two path names, one structure and a block
 * of data.
 *
 * <p>Taken from a pool and given back by {@link #close}, so that calls allocate nothing once the pool has warmed up and as many
 * scratches exist as calls were ever made at once (virtual threads would otherwise own one each). Used by one thread at a time.
 */
public final class Scratch implements AutoCloseable {
    /** Longest path the kernel takes, in bytes, with the NUL at its end. */
    public static final int PATH_MAX = 4096;
    /** Length of the structure area, in bytes. */
    public static final int STRUCT_SIZE = 4096;
    /** Length of the data area, in bytes: the kernel's limit for the value of an extended attribute and for their list. */
    public static final int DATA_SIZE = 64 << 10;

    private static final int PATH_AREA = 64;
    private static final int SECOND_PATH_AREA = PATH_AREA + PATH_MAX;
    private static final int STRUCT_AREA = SECOND_PATH_AREA + PATH_MAX;
    private static final int DATA_AREA = STRUCT_AREA + STRUCT_SIZE;

    private static final long ERRNO_OFFSET = offsetOfErrno();
    private static final AtomicReferenceArray<Scratch> POOL = new AtomicReferenceArray<>(64);

    private final MemorySegment memory;
    private final MemorySegment capture;

    private Scratch() {
        memory = Arena.ofAuto().allocate(DATA_AREA + DATA_SIZE, 64);
        capture = memory.asSlice(0, Libc.CAPTURE_LAYOUT);
    }

    /** Adds up by hand: the path of a layout's element takes half a dozen classes that are made at run time. */
    private static long offsetOfErrno() {
        long offset = 0;
        for (MemoryLayout member : Libc.CAPTURE_LAYOUT.memberLayouts()) {
            if (member.name().orElse("").equals("errno")) {
                return offset;
            }
            offset += member.byteSize();
        }
        throw new IllegalStateException("the linker does not capture errno");
    }

    /** Takes a free scratch or makes one. */
    public static Scratch take() {
        int start = start();
        for (int i = 0; i < POOL.length(); i++) {
            int slot = (start + i) % POOL.length();
            if (POOL.getPlain(slot) != null) {
                Scratch scratch = POOL.getAndSet(slot, null);
                if (scratch != null) {
                    return scratch;
                }
            }
        }
        return new Scratch();
    }

    /** Gives the scratch back; its contents are lost. */
    @Override
    public void close() {
        int start = start();
        for (int i = 0; i < POOL.length(); i++) {
            if (POOL.compareAndSet((start + i) % POOL.length(), null, this)) {
                return;
            }
        }
    }

    private static int start() {
        return (int) (Thread.currentThread().threadId() % POOL.length());
    }

    /** Returns the segment for the linker's capture of {@code errno}. */
    public MemorySegment capture() {
        return capture;
    }

    /** Returns all of the memory; see the area methods for offsets. */
    public MemorySegment memory() {
        return memory;
    }

    /** Returns the address of the structure area. */
    public long struct() {
        return memory.address() + STRUCT_AREA;
    }

    /** Returns the address of the data area. */
    public long data() {
        return memory.address() + DATA_AREA;
    }

    /** Returns the offset of the data area in {@link #memory}. */
    public long dataOffset() {
        return DATA_AREA;
    }

    /** Returns the offset of the structure area in {@link #memory}. */
    public long structOffset() {
        return STRUCT_AREA;
    }

    /** Writes a 64-bit field of the structure area. */
    public void setStructLong(long offset, long value) {
        memory.set(JAVA_LONG, STRUCT_AREA + offset, value);
    }

    /** Returns the error number of the last call, valid only if that call failed. */
    public int errno() {
        return capture.get(JAVA_INT, ERRNO_OFFSET);
    }

    /** Returns a result of a function of C type {@code long}, or the negated error number if it is -1. */
    public long longResult(long raw) {
        return raw == -1 ? -errno() : raw;
    }

    /** Returns a result of a function of C type {@code int}, or the negated error number if it is -1. */
    public int intResult(long raw) {
        int result = (int) raw; // the upper half of the register is undefined
        return result == -1 ? -errno() : result;
    }

    /**
     * Puts a path into the first path area.
     *
     * @param call the system call it is for, for the exception
     * @param path the path's bytes, without a NUL
     * @return its address
     * @throws ErrnoException {@code ENAMETOOLONG} if it is too long, {@code EINVAL} if it has a NUL
     */
    public long path(String call, byte[] path) throws ErrnoException {
        return put(call, path, PATH_AREA);
    }

    /** Does as {@link #path}, in the second path area. */
    public long secondPath(String call, byte[] path) throws ErrnoException {
        return put(call, path, SECOND_PATH_AREA);
    }

    /**
     * Puts text into the data area, with a NUL at its end.
     *
     * @param bytes  without a NUL
     * @param offset where in the data area
     * @return its address
     */
    public long string(byte[] bytes, int offset) {
        if (offset + bytes.length >= DATA_SIZE) {
            throw new IllegalArgumentException("text of " + bytes.length + " bytes");
        }
        MemorySegment.copy(bytes, 0, memory, JAVA_BYTE, DATA_AREA + offset, bytes.length);
        memory.set(JAVA_BYTE, DATA_AREA + offset + bytes.length, (byte) 0);
        return data() + offset;
    }

    private long put(String call, byte[] path, int area) throws ErrnoException {
        if (path.length >= PATH_MAX) {
            throw new ErrnoException(call, path, Errno.ENAMETOOLONG);
        }
        for (byte b : path) {
            if (b == 0) {
                throw new ErrnoException(call, path, Errno.EINVAL);
            }
        }
        MemorySegment.copy(path, 0, memory, JAVA_BYTE, area, path.length);
        memory.set(JAVA_BYTE, area + path.length, (byte) 0);
        return memory.address() + area;
    }
}
