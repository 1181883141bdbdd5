package io.nydus4j.linux.file;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.libc.Fcntl;
import io.nydus4j.linux.libc.Scratch;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * What a file system calls a file by, whatever its names are; never that of another file, also when the file is gone. It outlives the
 * process that asked for it, and stays valid as long as the file exists.
 *
 * <p>Layout ({@code struct file_handle}): length 4, type 4, then so many bytes.
 *
 * @param type  which of its kinds of handles the file system gave
 * @param bytes at most {@value #MAX_BYTES}; not to be changed
 */
@SuppressWarnings("ArrayRecordComponent") // equals and hashCode look at the contents
public record FileHandle(int type, byte[] bytes) {
    /** Most bytes that the kernel takes. */
    public static final int MAX_BYTES = 128;

    private static final int HEADER = 8;
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final byte[] EMPTY = {};

    /**
     * Asks for the handle of an open file, which may have been opened by {@link OpenFlags#PATH}.
     *
     * @throws ErrnoException {@code EOPNOTSUPP} where the file system has none
     */
    public static FileHandle of(Descriptor file) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            long path = scratch.path("name_to_handle_at", EMPTY);
            MemorySegment memory = scratch.memory();
            long handle = scratch.structOffset();
            memory.set(JAVA_INT, handle, MAX_BYTES);
            long mountId = scratch.struct() + HEADER + MAX_BYTES;
            int result = Fcntl.nameToHandleAt(scratch, file.number(), path, scratch.struct(), mountId, AT_EMPTY_PATH);
            Descriptor.check("name_to_handle_at", result);
            byte[] bytes = new byte[Math.clamp(memory.get(JAVA_INT, handle), 0, MAX_BYTES)];
            MemorySegment.copy(memory, JAVA_BYTE, handle + HEADER, bytes, 0, bytes.length);
            return new FileHandle(memory.get(JAVA_INT, handle + Integer.BYTES), bytes);
        }
    }

    /** Reads what {@link #write} wrote, which takes all that is left of a buffer. */
    public static FileHandle read(ByteBuffer source) {
        int type = source.getInt();
        byte[] bytes = new byte[Math.min(source.remaining(), MAX_BYTES)];
        source.get(bytes);
        return new FileHandle(type, bytes);
    }

    /** Writes type and bytes, {@link #encodedLength} in all. */
    public void write(ByteBuffer target) {
        target.putInt(type).put(bytes);
    }

    /** Returns how much {@link #write} writes, in bytes. */
    public int encodedLength() {
        return Integer.BYTES + bytes.length;
    }

    /**
     * Opens the file; only for root.
     *
     * @param onFileSystem any file of the same file system, opened for reading
     * @param flags        bits of {@link OpenFlags}
     * @throws ErrnoException {@code ESTALE} if the file is gone
     */
    public Descriptor open(Descriptor onFileSystem, int flags) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            MemorySegment memory = scratch.memory();
            long handle = scratch.structOffset();
            memory.set(JAVA_INT, handle, bytes.length);
            memory.set(JAVA_INT, handle + Integer.BYTES, type);
            MemorySegment.copy(bytes, 0, memory, JAVA_BYTE, handle + HEADER, bytes.length);
            int result = Fcntl.openByHandleAt(
                    scratch, onFileSystem.number(), scratch.struct(), flags | OpenFlags.CLOSE_ON_EXEC);
            return Descriptor.adopt(Descriptor.check("open_by_handle_at", result));
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof FileHandle that && type == that.type && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return 31 * type + Arrays.hashCode(bytes);
    }
}
