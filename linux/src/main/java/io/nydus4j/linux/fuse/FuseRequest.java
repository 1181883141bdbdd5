package io.nydus4j.linux.fuse;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A view of the request that a loop has just read; the loop reuses it.
 *
 * <p>Valid, with the memory it shows, until the handler's method returns, also after {@link FuseReply#detach}: a handler that
 * answers later copies the numbers it needs. Accessors read the memory and allocate nothing. Which of them mean something depends on
 * the {@link #opcode}; each says for which.
 *
 * <p>Layout of a request ({@code fuse_in_header}), followed by the body:
 * <pre>
 *   off size name
 *     0    4 length, header and body
 *     4    4 opcode
 *     8    8 unique, to be repeated in the reply
 *    16    8 node id
 *    24    4 uid
 *    28    4 gid
 *    32    4 pid
 *    36    2 length of extensions
 * </pre>
 */
public final class FuseRequest {
    /** Length of the header, in bytes. */
    static final int HEADER_SIZE = 40;

    /** The node id of the root directory. */
    public static final long ROOT_NODE_ID = 1;

    private static final int BODY = HEADER_SIZE;
    /** Length of what precedes the data of a WRITE, in bytes. */
    private static final int WRITE_BODY = 40;

    private final MemorySegment buffer;
    private int length;

    FuseRequest(int capacity) {
        buffer = Arena.ofAuto().allocate(capacity, 4096);
    }

    /** Shows the next request, which the loop has read into {@link #buffer}. */
    void bind(int length) {
        this.length = length;
    }

    /** Returns the memory that holds the request, for comparing a name in place; valid as long as the request. */
    public MemorySegment buffer() {
        return buffer;
    }

    /** Returns the length of the whole request, in bytes. */
    int length() {
        return length;
    }

    /** Returns the length that the header states, in bytes. */
    int statedLength() {
        return buffer.get(JAVA_INT, 0);
    }

    /** Returns the kind of request, one of {@link FuseOpcode} or another number of the kernel's. */
    public int opcode() {
        return buffer.get(JAVA_INT, 4);
    }

    /** Returns the number that ties the reply to the request; opaque. */
    public long unique() {
        return buffer.get(JAVA_LONG, 8);
    }

    /** Returns the node the request is about, {@link #ROOT_NODE_ID} or an id that an entry reply gave. */
    public long nodeId() {
        return buffer.get(JAVA_LONG, 16);
    }

    /** Returns the user id of the asking process, unsigned. */
    public int uid() {
        return buffer.get(JAVA_INT, 24);
    }

    /** Returns the group id of the asking process, unsigned. */
    public int gid() {
        return buffer.get(JAVA_INT, 28);
    }

    /** Returns the id of the asking thread, or 0 where the kernel itself asks or the thread has no id that the mounter would know. */
    public int pid() {
        return buffer.get(JAVA_INT, 32);
    }

    /**
     * Returns what the open reply gave as the handle. For all that work on an open file or
     * directory, 0 where there was none.
     */
    public long handle() {
        return buffer.get(JAVA_LONG, BODY);
    }

    /**
     * Returns where to start. For READ, WRITE, LSEEK, FALLOCATE and COPY_FILE_RANGE in bytes; for READDIR and READDIRPLUS the cookie of the last entry that was taken, or
     * 0.
     */
    public long offset() {
        return buffer.get(JAVA_LONG, BODY + 8);
    }

    /**
     * Returns the most bytes that the reply may have. For READ, READDIR and READDIRPLUS; for GETXATTR and LISTXATTR 0 asks for the
     * length alone.
     */
    public int size() {
        return switch (opcode()) {
            case FuseOpcode.READ, FuseOpcode.READDIR, FuseOpcode.READDIRPLUS -> buffer.get(JAVA_INT, BODY + 16);
            case FuseOpcode.GETXATTR, FuseOpcode.LISTXATTR -> buffer.get(JAVA_INT, BODY);
            default -> 0;
        };
    }

    /** Returns the flags of {@code open}. For OPEN, OPENDIR and CREATE. */
    public int openFlags() {
        return buffer.get(JAVA_INT, BODY);
    }

    /** Returns the permissions to check: bits 4 read, 2 write, 1 execute. For ACCESS. */
    public int accessMask() {
        return buffer.get(JAVA_INT, BODY);
    }

    /** Returns what to look for: 3 data, 4 a hole. For LSEEK. */
    public int whence() {
        return buffer.get(JAVA_INT, BODY + 16);
    }

    /** Returns the number of look-ups to give up. For FORGET. */
    long forgetCount() {
        return buffer.get(JAVA_LONG, BODY);
    }

    /** Returns the number of pairs in a BATCH_FORGET, at most as many as fit the request. */
    int batchCount() {
        long stated = Integer.toUnsignedLong(buffer.get(JAVA_INT, BODY));
        return (int) Math.min(stated, (length - BODY - 8) / 16);
    }

    /** Returns the node id of pair {@code i} of a BATCH_FORGET. */
    long batchNodeId(int i) {
        return buffer.get(JAVA_LONG, BODY + 8 + 16L * i);
    }

    /** Returns the number of look-ups of pair {@code i} of a BATCH_FORGET. */
    long batchForgetCount(int i) {
        return buffer.get(JAVA_LONG, BODY + 16 + 16L * i);
    }

    /**
     * Returns where the name starts in {@link #buffer}. For LOOKUP and all that make, remove or rename it is the file's (the old one), for
     * GETXATTR, SETXATTR and REMOVEXATTR the attribute's.
     */
    public long nameOffset() {
        return switch (opcode()) {
            case FuseOpcode.GETXATTR, FuseOpcode.SETXATTR, FuseOpcode.MKDIR, FuseOpcode.LINK, FuseOpcode.RENAME ->
                BODY + 8;
            case FuseOpcode.MKNOD, FuseOpcode.CREATE, FuseOpcode.RENAME2 -> BODY + 16;
            default -> BODY;
        };
    }

    /** Returns the length of the name in bytes, without the NUL that follows it. */
    public int nameLength() {
        return switch (opcode()) {
            case FuseOpcode.SETXATTR, FuseOpcode.SYMLINK, FuseOpcode.RENAME, FuseOpcode.RENAME2 ->
                (int) (endOfName() - nameOffset());
            default -> Math.max(0, length - (int) nameOffset() - 1);
        };
    }

    /** Returns where the NUL after the name is, the end of the request at most. */
    private long endOfName() {
        long end = nameOffset();
        while (end < length && buffer.get(JAVA_BYTE, end) != 0) {
            end++;
        }
        return end;
    }

    /** Returns byte {@code i} of the name. */
    public byte nameByte(int i) {
        return buffer.get(JAVA_BYTE, nameOffset() + i);
    }

    /** Tells whether the name has exactly these bytes. */
    public boolean nameEquals(byte[] expected) {
        if (nameLength() != expected.length) {
            return false;
        }
        long start = nameOffset();
        for (int i = 0; i < expected.length; i++) {
            if (buffer.get(JAVA_BYTE, start + i) != expected[i]) {
                return false;
            }
        }
        return true;
    }

    /** Returns a copy of the name. */
    public byte[] copyName() {
        return copy(nameOffset(), nameLength());
    }

    /** Returns a copy of the second name. For RENAME and RENAME2 the new name, for SYMLINK the link's target. */
    public byte[] copySecondName() {
        long start = endOfName() + 1;
        return copy(start, (int) Math.max(0, length - start - 1));
    }

    /** Returns a copy of an attribute's value. For SETXATTR. */
    public byte[] copyValue() {
        long start = endOfName() + 1;
        long size = Integer.toUnsignedLong(buffer.get(JAVA_INT, BODY));
        return copy(start, (int) Math.clamp(size, 0, Math.max(0, length - start)));
    }

    private byte[] copy(long start, int size) {
        byte[] bytes = new byte[size];
        MemorySegment.copy(buffer, JAVA_BYTE, start, bytes, 0, size);
        return bytes;
    }

    /** Returns the bytes to write, as part of {@link #buffer}. For WRITE. */
    public MemorySegment data() {
        long start = BODY + WRITE_BODY;
        long size = Integer.toUnsignedLong(buffer.get(JAVA_INT, BODY + 16));
        return buffer.asSlice(start, Math.clamp(size, 0, Math.max(0, length - start)));
    }

    /** Returns type and permissions of what is to be made, without what the caller's umask takes. For MKNOD, MKDIR and CREATE. */
    public int mode() {
        return buffer.get(JAVA_INT, opcode() == FuseOpcode.CREATE ? BODY + 4 : BODY);
    }

    /** Returns the device that a node is to stand for, as the kernel packs it in 32 bits. For MKNOD. */
    public int device() {
        return buffer.get(JAVA_INT, BODY + 4);
    }

    /** Returns the node id of the other node: for RENAME and RENAME2 the new directory, for LINK what gets a name. */
    public long otherNodeId() {
        return buffer.get(JAVA_LONG, BODY);
    }

    /** Returns the flags of {@code renameat2}. For RENAME and RENAME2. */
    public int renameFlags() {
        return opcode() == FuseOpcode.RENAME2 ? buffer.get(JAVA_INT, BODY + 8) : 0;
    }

    /** Returns the flags of {@code setxattr}. For SETXATTR. */
    public int xattrFlags() {
        return buffer.get(JAVA_INT, BODY + 4);
    }

    /** Tells whether only the data must reach the disk. For FSYNC and FSYNCDIR. */
    public boolean isDataOnly() {
        return (buffer.get(JAVA_INT, BODY + 8) & 1) != 0;
    }

    /** Returns the number of bytes of the range. For FALLOCATE. */
    public long rangeLength() {
        return buffer.get(JAVA_LONG, BODY + 16);
    }

    /** Returns the flags of {@code fallocate}. For FALLOCATE. */
    public int allocateMode() {
        return buffer.get(JAVA_INT, BODY + 24);
    }

    /** Returns the range to copy. For COPY_FILE_RANGE. */
    public FuseCopyRange copyRange() {
        return new FuseCopyRange(
                handle(),
                offset(),
                buffer.get(JAVA_LONG, BODY + 16),
                buffer.get(JAVA_LONG, BODY + 24),
                buffer.get(JAVA_LONG, BODY + 32),
                buffer.get(JAVA_LONG, BODY + 40));
    }

    /** Returns the attributes to change. For SETATTR. */
    public FuseAttributeChange attributeChange() {
        return FuseAttributeChange.read(buffer, BODY);
    }
}
