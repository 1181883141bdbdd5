package io.nydus4j.linux.fuse;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The first request and its answer, which agree on version and features.
 *
 * <pre>
 *   request ({@code fuse_init_in}, after the header)    answer ({@code fuse_init_out}, 64 bytes)
 *     0    4 major                                        0    4 major
 *     4    4 minor                                        4    4 minor
 *     8    4 read-ahead, in bytes                         8    4 read-ahead, in bytes
 *    12    4 flags 0 to 31                               12    4 flags 0 to 31
 *    16    4 flags 32 to 63, if the request is long      16    2 background requests at most
 *                                                        18    2 of them, when to count as congested
 *                                                        20    4 largest write, in bytes
 *                                                        24    4 granularity of times, in nanoseconds
 *                                                        28    2 pages of a request at most
 *                                                        30    2 alignment of mappings
 *                                                        32    4 flags 32 to 63
 * </pre>
 */
final class FuseInit {
    static final int ANSWER_SIZE = 64;

    private static final int MAJOR = 7;
    /** The newest minor version whose structures are known here. */
    private static final int MINOR = 45;
    /** The oldest minor version that has this answer's layout and the features a read-only file system needs. */
    private static final int OLDEST_MINOR = 23;

    private static final int PAGES_WITHOUT_FLAG = 32;
    private static final int BODY = FuseRequest.HEADER_SIZE;

    private FuseInit() {}

    /**
     * Agrees on the intersection of what the kernel offers and what is wanted.
     *
     * @return what was agreed, or null if the kernel's version is too old
     */
    static @Nullable FuseConnection agree(FuseRequest request, FuseOptions options) {
        MemorySegment in = request.buffer();
        int minor = in.get(JAVA_INT, BODY + 4);
        if (in.get(JAVA_INT, BODY) < MAJOR || in.get(JAVA_INT, BODY) == MAJOR && minor < OLDEST_MINOR) {
            return null;
        }
        long offered = Integer.toUnsignedLong(in.get(JAVA_INT, BODY + 12));
        if ((offered & FuseConnection.INIT_EXT) != 0 && request.length() >= BODY + 20) {
            offered |= Integer.toUnsignedLong(in.get(JAVA_INT, BODY + 16)) << 32;
        }
        long flags = offered & options.flags() & FuseConnection.SUPPORTED;
        int requestBytes = (flags & FuseConnection.MAX_PAGES) != 0
                ? options.maxRequestBytes()
                : PAGES_WITHOUT_FLAG * FuseDevice.PAGE_SIZE;
        int writeBytes = options.writes() ? requestBytes : FuseConnection.NO_WRITES;
        return new FuseConnection(Math.min(minor, MINOR), flags, in.get(JAVA_INT, BODY + 8), writeBytes, requestBytes);
    }

    /** Tells whether the kernel speaks a newer major version; it then asks again once it has heard ours. */
    static boolean isNewerMajor(FuseRequest request) {
        return request.buffer().get(JAVA_INT, BODY) > MAJOR;
    }

    /** Writes the answer at the start of {@code out}. */
    static void write(MemorySegment out, FuseConnection agreed, FuseOptions options) {
        out.asSlice(0, ANSWER_SIZE).fill((byte) 0);
        out.set(JAVA_INT, 0, MAJOR);
        out.set(JAVA_INT, 4, agreed.minor());
        out.set(JAVA_INT, 8, agreed.maxReadAheadBytes());
        out.set(JAVA_INT, 12, (int) agreed.flags());
        out.set(JAVA_SHORT, 16, (short) options.maxBackground());
        out.set(JAVA_SHORT, 18, (short) (options.maxBackground() * 3 / 4));
        out.set(JAVA_INT, 20, agreed.maxWriteBytes());
        out.set(JAVA_INT, 24, 1);
        out.set(JAVA_SHORT, 28, (short) Math.ceilDiv(agreed.maxRequestBytes(), FuseDevice.PAGE_SIZE));
        out.set(JAVA_INT, 32, (int) (agreed.flags() >>> 32));
    }
}
