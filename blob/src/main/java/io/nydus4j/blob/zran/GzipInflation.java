package io.nydus4j.blob.zran;

import io.nydus4j.blob.RafsFormatException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.zip.CRC32;

/**
 * Decompresses a gzip stream (RFC 1952) of one or more members, and tells where it is in it: the place that was reached, and the last start
 * of a block with the bytes before it, which is where decompression can begin anew.
 *
 * <p>Checks the CRC-32 and the length of each member. What follows the last member must be another member or the end of the stream.
 * Memory is bounded: some 300 KiB. Not safe for use by several threads.
 */
public final class GzipInflation {
    /** What error messages call the stream. */
    static final String STRUCTURE = "gzip stream";

    private static final int METHOD_DEFLATE = 8;
    private static final int FLAG_HEADER_CRC = 0x02;
    private static final int FLAG_EXTRA = 0x04;
    private static final int FLAG_NAME = 0x08;
    private static final int FLAG_COMMENT = 0x10;
    private static final int FLAGS_RESERVED = 0xE0;

    /** The reference reads its input in pieces of this size, and looks at no byte of the next one before it must. */
    private static final int READ_SIZE = 1 << 16;

    private final BitInput input;
    private final InflateWindow window = new InflateWindow();
    private final DeflateDecoder decoder;
    private final CRC32 headerCrc = new CRC32();
    private BlockStart blockStart = new BlockStart(0, 0, 0, 0);
    private boolean inMember;
    private boolean anyMember;

    /** Decompresses {@code source} from where it is, which must be the start of a member; the caller closes it. */
    public GzipInflation(InputStream source) {
        input = new BitInput(source);
        decoder = new DeflateDecoder(input, window);
    }

    /**
     * Reads plain bytes until {@code target} is full or the stream ends.
     *
     * @param target has room for at least one byte
     * @return how many, or -1 if there are none left
     * @throws RafsFormatException if the stream is malformed or cut off
     * @throws IOException         if the source cannot be read
     */
    public int read(ByteBuffer target) throws IOException {
        int start = target.position();
        window.take(target);
        while (target.hasRemaining() && advance(target.remaining())) {
            window.take(target);
        }
        return target.position() == start ? -1 : target.position() - start;
    }

    /** Decompresses up to {@code wanted} bytes when none wait; tells whether the stream goes on. */
    private boolean advance(int wanted) throws IOException {
        if (!inMember) {
            return beginMember();
        }
        if (decoder.afterLastBlock()) {
            readTrailer();
            inMember = false;
        } else {
            decoder.decode(window.limit(wanted));
            if (decoder.betweenBlocks()) {
                recordBlockStart();
            }
        }
        return true;
    }

    /** Begins the next member if there is one. */
    private boolean beginMember() throws IOException {
        if (anyMember && input.atEnd()) {
            return false;
        }
        readHeader();
        decoder.begin();
        window.beginMember();
        inMember = true;
        anyMember = true;
        recordBlockStart();
        return true;
    }

    private void recordBlockStart() {
        long bit = input.bitPosition();
        int unused = (int) -bit & 7;
        blockStart = new BlockStart(
                bytes(bit), window.takenBytes() + window.waiting(), unused == 0 ? 0 : input.lastByte(), unused);
        window.mark();
    }

    private void readHeader() throws IOException {
        headerCrc.reset();
        long start = bytes(input.bitPosition());
        if (headerByte() != 0x1F || headerByte() != 0x8B || headerByte() != METHOD_DEFLATE) {
            throw new RafsFormatException(STRUCTURE, start, "expected the bytes 1f 8b 08 of a member");
        }
        int flags = headerByte();
        if ((flags & FLAGS_RESERVED) != 0) {
            throw new RafsFormatException(STRUCTURE, start, "unknown flags 0x" + Integer.toHexString(flags));
        }
        for (int i = 0; i < 6; i++) {
            headerByte();
        }
        if ((flags & FLAG_EXTRA) != 0) {
            int length = headerByte() | headerByte() << 8;
            for (int i = 0; i < length; i++) {
                headerByte();
            }
        }
        if ((flags & FLAG_NAME) != 0) {
            skipText();
        }
        if ((flags & FLAG_COMMENT) != 0) {
            skipText();
        }
        if ((flags & FLAG_HEADER_CRC) != 0) {
            int found = (int) headerCrc.getValue() & 0xFFFF;
            int expected = input.takeByte() | input.takeByte() << 8;
            if (found != expected) {
                throw new RafsFormatException(STRUCTURE, start, "wrong CRC of the header");
            }
        }
    }

    private void skipText() throws IOException {
        while (headerByte() != 0) {}
    }

    private int headerByte() throws IOException {
        int value = input.takeByte();
        headerCrc.update(value);
        return value;
    }

    private void readTrailer() throws IOException {
        input.align();
        long start = bytes(input.bitPosition());
        long crc = Integer.toUnsignedLong(littleEndianInt());
        if (crc != window.crc()) {
            throw new RafsFormatException(
                    STRUCTURE,
                    start,
                    "expected CRC-32 %08x of the member's bytes, found %08x".formatted(crc, window.crc()));
        }
        int size = littleEndianInt();
        if (size != (int) window.memberSize()) {
            throw new RafsFormatException(
                    STRUCTURE,
                    start + 4,
                    "expected " + Integer.toUnsignedString(size) + " plain bytes (modulo 2^32), found "
                            + window.memberSize());
        }
    }

    private int littleEndianInt() throws IOException {
        return input.takeByte() | input.takeByte() << 8 | input.takeByte() << 16 | input.takeByte() << 24;
    }

    /** Returns how many plain bytes have been read. */
    public long uncompressedPosition() {
        return window.takenBytes();
    }

    /**
     * Returns how many compressed bytes a decoder has used that delivered the bytes read so far, as the reference's counts them: one that
     * goes on to the symbol behind them, and over the end of a block if that is the symbol, but not into the next 64 KiB of the file.
     *
     * @throws RafsFormatException if the stream is cut off there
     * @throws IOException         if the source cannot be read
     */
    public long compressedPosition() throws IOException {
        long bit = input.bitPosition();
        long reached = bytes(bit);
        if (window.waiting() > 0) {
            return reached;
        }
        long nextBit = bit + decoder.nextSymbolBits();
        input.checkEnd(nextBit);
        long next = bytes(nextBit);
        long available = reached + READ_SIZE - 1 & -READ_SIZE;
        if (next > available) {
            return available;
        }
        if (decoder.nextEndsBlock()) {
            decoder.endBlock();
            recordBlockStart();
        }
        return next;
    }

    /**
     * Goes on to the first block of the next member if there is nothing left of the last one behind the bytes read so far.
     *
     * @return whether there was such a block
     * @throws IOException if the source cannot be read or is no gzip stream
     */
    boolean skipToMember() throws IOException {
        if (window.waiting() == 0 && inMember && decoder.afterLastBlock()) {
            readTrailer();
            inMember = false;
        }
        return !inMember && beginMember();
    }

    /** Returns the last start of a block that was reached. */
    public BlockStart blockStart() {
        return blockStart;
    }

    /** Returns the plain bytes before {@link #blockStart()} that the block may refer to: at most 32 KiB, of the same member. */
    public byte[] blockHistory() {
        return window.markedHistory();
    }

    private static long bytes(long bits) {
        return bits + 7 >>> 3;
    }
}
