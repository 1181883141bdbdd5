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
    private static final int XATTR_NAME = BODY + 8;

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

    /** Returns the id of the asking process, or 0 where the kernel itself asks. */
    public int pid() {
        return buffer.get(JAVA_INT, 32);
    }

    /** Returns what the open reply gave as the handle. For READ, READDIR, READDIRPLUS, RELEASE, RELEASEDIR, FLUSH, LSEEK. */
    public long handle() {
        return buffer.get(JAVA_LONG, BODY);
    }

    /**
     * Returns where to start. For READ and LSEEK in bytes; for READDIR and READDIRPLUS the cookie of the last entry that was taken, or
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

    /** Returns the flags of {@code open}. For OPEN and OPENDIR. */
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

    /** Returns where the name starts in {@link #buffer}. For LOOKUP the file's name, for GETXATTR the attribute's. */
    public long nameOffset() {
        return opcode() == FuseOpcode.GETXATTR ? XATTR_NAME : BODY;
    }

    /** Returns the length of the name in bytes, without the NUL that follows it. For LOOKUP and GETXATTR. */
    public int nameLength() {
        return Math.max(0, length - (int) nameOffset() - 1);
    }

    /** Returns byte {@code i} of the name. For LOOKUP and GETXATTR. */
    public byte nameByte(int i) {
        return buffer.get(JAVA_BYTE, nameOffset() + i);
    }

    /** Tells whether the name has exactly these bytes. For LOOKUP and GETXATTR. */
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

    /** Returns a copy of the name. For LOOKUP and GETXATTR. */
    public byte[] copyName() {
        byte[] name = new byte[nameLength()];
        MemorySegment.copy(buffer, JAVA_BYTE, nameOffset(), name, 0, name.length);
        return name;
    }
}
