package io.nydus4j.blob.codec;

import io.nydus4j.blob.RafsFormatException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Finds the end of a gzip member's header (RFC 1952). */
public final class GzipHeader {
    /** Length of a member's trailer: CRC-32 and size, in bytes. */
    public static final int TRAILER_SIZE = 8;

    /** Length of a header without optional fields, in bytes. */
    public static final int MIN_SIZE = 10;

    private static final String STRUCTURE = "gzip header";
    private static final int FLAG_HEADER_CRC = 0x02;
    private static final int FLAG_EXTRA = 0x04;
    private static final int FLAG_NAME = 0x08;
    private static final int FLAG_COMMENT = 0x10;
    private static final int FLAGS_RESERVED = 0xE0;

    private GzipHeader() {}

    /** Tells whether a header of a deflate member may start at {@code offset}: whether its first three bytes are there. */
    public static boolean startsAt(MemorySegment data, long offset) {
        return offset >= 0
                && offset <= data.byteSize() - 3
                && byteAt(data, offset) == 0x1F
                && byteAt(data, offset + 1) == 0x8B
                && byteAt(data, offset + 2) == 8;
    }

    /**
     * Returns where the deflate stream of the member at {@code offset} starts, in bytes.
     *
     * @param data   holds the member
     * @param offset start of its header, in bytes, at least 0
     * @throws RafsFormatException if there is no whole header
     */
    public static long end(MemorySegment data, long offset) throws RafsFormatException {
        if (!startsAt(data, offset) || data.byteSize() - offset < MIN_SIZE) {
            throw new RafsFormatException(
                    STRUCTURE, offset, "expected the bytes 1f 8b 08 of a member and a whole header");
        }
        int flags = byteAt(data, offset + 3);
        if ((flags & FLAGS_RESERVED) != 0) {
            throw new RafsFormatException(STRUCTURE, offset, "unknown flags 0x" + Integer.toHexString(flags));
        }
        long end = offset + MIN_SIZE;
        if ((flags & FLAG_EXTRA) != 0) {
            need(data, offset, end, 2);
            end += 2 + byteAt(data, end) + (byteAt(data, end + 1) << 8);
        }
        if ((flags & FLAG_NAME) != 0) {
            end = endOfText(data, offset, end);
        }
        if ((flags & FLAG_COMMENT) != 0) {
            end = endOfText(data, offset, end);
        }
        if ((flags & FLAG_HEADER_CRC) != 0) {
            end += 2;
        }
        need(data, offset, end, 0);
        return end;
    }

    private static long endOfText(MemorySegment data, long offset, long start) throws RafsFormatException {
        long end = start;
        do {
            need(data, offset, end, 1);
            end++;
        } while (byteAt(data, end - 1) != 0);
        return end;
    }

    private static void need(MemorySegment data, long offset, long position, int count) throws RafsFormatException {
        if (position > data.byteSize() - count) {
            throw new RafsFormatException(STRUCTURE, offset, "is cut off");
        }
    }

    private static int byteAt(MemorySegment data, long offset) {
        return Byte.toUnsignedInt(data.get(ValueLayout.JAVA_BYTE, offset));
    }
}
