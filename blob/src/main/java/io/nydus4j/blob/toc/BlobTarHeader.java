package io.nydus4j.blob.toc;

import io.nydus4j.blob.RafsFormatException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The tar header that follows a part of a blob, and names it.
 *
 * <p>Unlike in a tar file it stands behind its data, and the data is not padded. On disk ({@value #SIZE} bytes, what is not listed is NUL):
 * <pre>
 *   off size name
 *     0  100 name, NUL padded
 *   124   12 size of the data: 11 octal digits and NUL, or from 8 GiB on big-endian with the top bit of the first byte set
 *   136   12 modification time: 11 zeros and NUL
 *   148    8 checksum: 7 octal digits and NUL
 *   156    1 type, {@code 0}: a regular file
 *   257    8 GNU magic {@code "ustar  "} and NUL
 * </pre>
 *
 * @param name name of the part, ASCII, 1 to 100 bytes
 * @param size length of the part in bytes, at least 0
 */
public record BlobTarHeader(String name, long size) {
    /** Length of a header in bytes. */
    public static final int SIZE = 512;

    private static final int NAME_SIZE = 100;
    private static final int SIZE_AT = 124;
    private static final int SIZE_SIZE = 12;
    private static final int TIME_AT = 136;
    private static final int CHECKSUM_AT = 148;
    private static final int CHECKSUM_SIZE = 8;
    private static final int TYPE_AT = 156;
    private static final int MAGIC_AT = 257;
    private static final byte[] MAGIC = "ustar  \0".getBytes(StandardCharsets.US_ASCII);
    private static final long OCTAL_LIMIT = 1L << 33;
    private static final String STRUCTURE = "tar header";
    private static final ValueLayout.OfInt BIG_ENDIAN_INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong BIG_ENDIAN =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    /**
     * Reads the header at {@code offset}.
     *
     * @param segment holds the header; not kept
     * @param offset  start of the header, in bytes from the start of the segment
     * @throws RafsFormatException if the header does not fit, or is not that of a regular file with GNU magic and a right checksum
     */
    public static BlobTarHeader read(MemorySegment segment, long offset) throws RafsFormatException {
        if (offset < 0 || offset > segment.byteSize() - SIZE) {
            throw new RafsFormatException(
                    STRUCTURE, offset, "expected " + SIZE + " bytes, found " + segment.byteSize());
        }
        MemorySegment header = segment.asSlice(offset, SIZE);
        if (header.asSlice(MAGIC_AT, MAGIC.length).mismatch(MemorySegment.ofArray(MAGIC)) >= 0) {
            throw new RafsFormatException(STRUCTURE, offset, "expected GNU magic, found none");
        }
        byte type = header.get(ValueLayout.JAVA_BYTE, TYPE_AT);
        if (type != '0' && type != 0) {
            throw new RafsFormatException(STRUCTURE, offset, "expected a regular file, found type " + type);
        }
        long checksum = octal(header, CHECKSUM_AT, CHECKSUM_SIZE, offset);
        if (checksum != checksum(header)) {
            throw new RafsFormatException(
                    STRUCTURE, offset, "expected checksum " + checksum + ", found " + checksum(header));
        }
        return new BlobTarHeader(nameIn(header), sizeIn(header, offset));
    }

    private static String nameIn(MemorySegment header) {
        int length = 0;
        while (length < NAME_SIZE && header.get(ValueLayout.JAVA_BYTE, length) != 0) {
            length++;
        }
        return new String(header.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.ISO_8859_1);
    }

    private static long sizeIn(MemorySegment header, long offset) throws RafsFormatException {
        if (header.get(ValueLayout.JAVA_BYTE, SIZE_AT) >= 0) {
            return octal(header, SIZE_AT, SIZE_SIZE, offset);
        }
        int high = header.get(BIG_ENDIAN_INT, SIZE_AT);
        long size = header.get(BIG_ENDIAN, SIZE_AT + 4);
        if (high != 0x8000_0000 || size < 0) {
            throw new RafsFormatException(STRUCTURE, offset, "the size of its data is too large");
        }
        return size;
    }

    private static long octal(MemorySegment header, int at, int length, long offset) throws RafsFormatException {
        long value = 0;
        int digits = 0;
        for (int i = 0; i < length; i++) {
            byte digit = header.get(ValueLayout.JAVA_BYTE, at + i);
            if (digit >= '0' && digit <= '7') {
                value = value << 3 | digit - '0';
                digits++;
            } else if (digits > 0 || digit != ' ') {
                if (digits == 0 || (digit != 0 && digit != ' ')) {
                    throw new RafsFormatException(STRUCTURE, offset, "expected an octal number at " + at);
                }
                return value;
            }
        }
        return value;
    }

    private static long checksum(MemorySegment header) {
        long sum = 0;
        for (int i = 0; i < SIZE; i++) {
            boolean inField = i >= CHECKSUM_AT && i < CHECKSUM_AT + CHECKSUM_SIZE;
            sum += inField ? ' ' : Byte.toUnsignedInt(header.get(ValueLayout.JAVA_BYTE, i));
        }
        return sum;
    }

    /** Returns the {@value #SIZE} bytes of the header. */
    public byte[] toBytes() {
        byte[] bytes = new byte[SIZE];
        MemorySegment header = MemorySegment.ofArray(bytes);
        byte[] nameBytes = name.getBytes(StandardCharsets.ISO_8859_1);
        if (nameBytes.length == 0 || nameBytes.length > NAME_SIZE || size < 0) {
            throw new IllegalArgumentException(
                    "a tar header cannot hold the name \"" + name + "\" and the size " + size);
        }
        System.arraycopy(nameBytes, 0, bytes, 0, nameBytes.length);
        if (size < OCTAL_LIMIT) {
            writeOctal(bytes, SIZE_AT, SIZE_SIZE - 1, size);
        } else {
            bytes[SIZE_AT] = (byte) 0x80;
            header.set(BIG_ENDIAN, SIZE_AT + 4, size);
        }
        writeOctal(bytes, TIME_AT, SIZE_SIZE - 1, 0);
        bytes[TYPE_AT] = '0';
        System.arraycopy(MAGIC, 0, bytes, MAGIC_AT, MAGIC.length);
        writeOctal(bytes, CHECKSUM_AT, CHECKSUM_SIZE - 1, checksum(header));
        return bytes;
    }

    private static void writeOctal(byte[] bytes, int at, int digits, long value) {
        long rest = value;
        for (int i = digits - 1; i >= 0; i--) {
            bytes[at + i] = (byte) ('0' + (rest & 7));
            rest >>>= 3;
        }
    }
}
