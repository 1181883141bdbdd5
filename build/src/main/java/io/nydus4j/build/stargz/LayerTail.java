package io.nydus4j.build.stargz;

import io.nydus4j.blob.Compression;
import io.nydus4j.blob.PositionalSource;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.blob.codec.ZstdStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * What lies behind the data of a layer: the table of contents and a footer that tells where it is.
 *
 * <p>eStargz: a gzip member with a tar that starts with {@value #TOC_NAME}, and an empty gzip member whose extra field is the table's
 * offset in 16 hexadecimal digits and {@code STARGZ}, 51 bytes in all (47 in the first form of the format).
 *
 * <p>zstd:chunked: a zstd frame within a skippable frame, and another skippable frame that holds, as little-endian numbers of eight bytes,
 * the table's offset, stored size, plain size and type (1), perhaps more, and ends with {@code GnUlInUx}.
 *
 * @param compression how the layer is compressed
 * @param dataSize    where the data ends, in bytes
 * @param start       where the compressed table starts, in bytes
 * @param end         where it ends, in bytes
 */
record LayerTail(Compression compression, long dataSize, long start, long end) {
    /** Most plain bytes of a table of contents. */
    private static final long MAX_PLAIN = 1L << 30;

    private static final String TOC_NAME = "stargz.index.json";
    private static final int TAR_BLOCK = 512;
    private static final int TAR_SIZE_AT = 124;
    private static final int TAR_SIZE_LENGTH = 12;

    private static final int FOOTER = 51;
    private static final int OLD_FOOTER = 47;
    private static final byte[] GZIP_WITH_EXTRA = HexFormat.of().parseHex("1f8b0804");
    private static final int DIGITS = 16;
    private static final byte[] MARK = "STARGZ".getBytes(StandardCharsets.US_ASCII);

    private static final byte[] ZSTD_MARK = "GnUlInUx".getBytes(StandardCharsets.US_ASCII);
    private static final int SKIPPABLE = 0x184D_2A50;
    private static final int SKIPPABLE_HEADER = 8;
    private static final int LEAST_ZSTD_FOOTER = 40;
    private static final int MOST_ZSTD_FOOTER = 128;
    private static final int MANIFEST_TYPE = 1;

    /**
     * Looks for a footer.
     *
     * @return empty if the source does not end with one
     * @throws RafsFormatException if the footer contradicts the source
     */
    static Optional<LayerTail> find(PositionalSource source) throws IOException {
        long size = source.size();
        byte[] tail = new byte[(int) Math.min(size, MOST_ZSTD_FOOTER + SKIPPABLE_HEADER)];
        source.readFully(size - tail.length, ByteBuffer.wrap(tail));
        if (endsWith(tail, tail.length, ZSTD_MARK)) {
            return findZstd(tail, size);
        }
        for (int length : new int[] {FOOTER, OLD_FOOTER}) {
            // The extra field ends where an empty stored block, checksum and length, 13 bytes, begin.
            int footer = tail.length - length;
            if (footer >= 0
                    && Arrays.equals(tail, footer, footer + 4, GZIP_WITH_EXTRA, 0, 4)
                    && endsWith(tail, tail.length - 13, MARK)) {
                return Optional.of(gzip(tail, tail.length - 13 - MARK.length - DIGITS, size - length));
            }
        }
        return Optional.empty();
    }

    private static boolean endsWith(byte[] bytes, int end, byte[] mark) {
        return end >= mark.length && Arrays.equals(bytes, end - mark.length, end, mark, 0, mark.length);
    }

    private static LayerTail gzip(byte[] tail, int digits, long footer) throws RafsFormatException {
        String text = new String(tail, digits, DIGITS, StandardCharsets.ISO_8859_1);
        long start;
        try {
            start = HexFormat.fromHexDigitsToLong(text);
        } catch (IllegalArgumentException e) {
            throw new RafsFormatException("stargz footer", footer, "expected an offset, found " + text, e);
        }
        if (start < 0 || start >= footer) {
            throw new RafsFormatException(
                    "stargz footer", footer, "a table of contents at 0x" + text + " does not lie before it");
        }
        return new LayerTail(Compression.GZIP, start, start, footer);
    }

    private static Optional<LayerTail> findZstd(byte[] tail, long size) throws RafsFormatException {
        ByteBuffer bytes = ByteBuffer.wrap(tail).order(ByteOrder.LITTLE_ENDIAN);
        for (int length = LEAST_ZSTD_FOOTER; length <= MOST_ZSTD_FOOTER; length += Long.BYTES) {
            int frame = tail.length - length - SKIPPABLE_HEADER;
            if (frame < 0 || bytes.getInt(frame) != SKIPPABLE || bytes.getInt(frame + Integer.BYTES) != length) {
                continue;
            }
            int fields = frame + SKIPPABLE_HEADER;
            long footer = size - length - SKIPPABLE_HEADER;
            long start = bytes.getLong(fields);
            long stored = bytes.getLong(fields + Long.BYTES);
            long type = bytes.getLong(fields + 3 * Long.BYTES);
            if (start < SKIPPABLE_HEADER || start > footer || stored < 1 || stored > footer - start) {
                throw new RafsFormatException(
                        "zstd:chunked footer",
                        footer,
                        Long.toUnsignedString(stored) + " bytes at " + Long.toUnsignedString(start)
                                + " do not lie before it");
            }
            if (type != MANIFEST_TYPE) {
                throw new RafsFormatException(
                        "zstd:chunked footer",
                        footer,
                        "expected manifest type " + MANIFEST_TYPE + ", found " + Long.toUnsignedString(type));
            }
            return Optional.of(new LayerTail(Compression.ZSTD, start - SKIPPABLE_HEADER, start, start + stored));
        }
        return Optional.empty();
    }

    /** Returns the text of the table of contents; {@code source} is that of {@link #find}. */
    InputStream open(PositionalSource source) throws IOException {
        SourceRange stored = new SourceRange(source, start, end);
        if (compression == Compression.ZSTD) {
            return new LimitedInput(new ZstdStream(stored), MAX_PLAIN, true);
        }
        try {
            InputStream tar = new GZIPInputStream(stored, 1 << 16);
            byte[] header = tar.readNBytes(TAR_BLOCK);
            long size = header.length == TAR_BLOCK ? tocSize(header) : -1;
            if (size < 0 || size > MAX_PLAIN) {
                throw new RafsFormatException(
                        "table of contents",
                        start,
                        "expected a tar member " + TOC_NAME + " of up to " + MAX_PLAIN + " bytes");
            }
            return new LimitedInput(tar, size, false);
        } catch (ZipException | EOFException e) {
            throw new RafsFormatException("table of contents", start, String.valueOf(e.getMessage()), e);
        }
    }

    /** Returns the size of the member that a tar header describes; negative if that is no table of contents. */
    private static long tocSize(byte[] header) {
        byte[] name = (TOC_NAME + '\0').getBytes(StandardCharsets.US_ASCII);
        if (!Arrays.equals(header, 0, name.length, name, 0, name.length)) {
            return -1;
        }
        String digits = new String(header, TAR_SIZE_AT, TAR_SIZE_LENGTH, StandardCharsets.ISO_8859_1);
        try {
            return Long.parseLong(digits.replace('\0', ' ').strip(), 8);
        } catch (NumberFormatException e) {
            return -1;
        }
    }
}
