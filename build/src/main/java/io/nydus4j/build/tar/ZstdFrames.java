package io.nydus4j.build.tar;

import io.nydus4j.blob.RafsFormatException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The frames of zstd data (RFC 8878) without the skippable ones, which hold no archive but, for instance, a table of contents. Looks at
 * the headers of frames and blocks only. Not safe for use by several threads.
 */
final class ZstdFrames extends InputStream {
    /** First bytes of a frame, read as a little-endian number. */
    static final int MAGIC = 0xFD2F_B528;

    private static final String WHAT = "zstd data";
    private static final int SKIPPABLE_MAGIC = 0x184D_2A50;
    private static final int SKIPPABLE_MASK = 0xFFFF_FFF0;
    private static final int MAGIC_SIZE = 4;
    private static final int BLOCK_HEADER_SIZE = 3;
    private static final int CHECKSUM_SIZE = 4;
    private static final int RUN_BLOCK = 1;
    private static final int[] CONTENT_SIZES = {0, 2, 4, 8};
    private static final int[] DICTIONARY_SIZES = {0, 1, 2, 4};

    private enum State {
        FRAME,
        BLOCK,
        CHECKSUM
    }

    private final StoredInput stored;
    private State state = State.FRAME;
    private boolean hasChecksum;
    /** Bytes to pass before the next header. */
    private long left;

    ZstdFrames(StoredInput stored) {
        this.stored = stored;
    }

    /** Tells whether the first four bytes of a file are those of a frame, skippable or not. */
    static boolean startsWith(int magic) {
        return magic == MAGIC || isSkippable(magic);
    }

    private static boolean isSkippable(int magic) {
        return (magic & SKIPPABLE_MASK) == SKIPPABLE_MAGIC;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        while (left == 0) {
            if (!readHeader()) {
                return -1;
            }
        }
        ByteBuffer input = stored.peek(1);
        if (!input.hasRemaining()) {
            throw broken("ends within a frame");
        }
        int count = (int) Math.min(Math.min(length, left), input.remaining());
        input.get(target, offset, count);
        left -= count;
        return count;
    }

    /** Finds out how many bytes come before the next header; the header itself is among them. */
    private boolean readHeader() throws IOException {
        switch (state) {
            case FRAME -> {
                return readFrameHeader();
            }
            case BLOCK -> {
                ByteBuffer input = need(BLOCK_HEADER_SIZE);
                int at = input.position();
                int header = Byte.toUnsignedInt(input.get(at))
                        | Byte.toUnsignedInt(input.get(at + 1)) << 8
                        | Byte.toUnsignedInt(input.get(at + 2)) << 16;
                left = (long) BLOCK_HEADER_SIZE + ((header >> 1 & 3) == RUN_BLOCK ? 1 : header >>> 3);
                if ((header & 1) != 0) {
                    state = hasChecksum ? State.CHECKSUM : State.FRAME;
                }
            }
            case CHECKSUM -> {
                left = CHECKSUM_SIZE;
                state = State.FRAME;
            }
        }
        return true;
    }

    private boolean readFrameHeader() throws IOException {
        if (!stored.peek(1).hasRemaining()) {
            return false;
        }
        ByteBuffer input = need(MAGIC_SIZE + 1).order(ByteOrder.LITTLE_ENDIAN);
        int magic = input.getInt(input.position());
        if (isSkippable(magic)) {
            skipFrame();
            return true;
        }
        if (magic != MAGIC) {
            throw broken("has bytes behind the last frame that are no frame");
        }
        int descriptor = Byte.toUnsignedInt(input.get(input.position() + MAGIC_SIZE));
        boolean single = (descriptor & 0x20) != 0;
        int contentSize = CONTENT_SIZES[descriptor >> 6];
        hasChecksum = (descriptor & 4) != 0;
        left = MAGIC_SIZE
                + 1L
                + (single ? 0 : 1)
                + DICTIONARY_SIZES[descriptor & 3]
                + (single && contentSize == 0 ? 1 : contentSize);
        state = State.BLOCK;
        return true;
    }

    private void skipFrame() throws IOException {
        ByteBuffer input = need(2 * MAGIC_SIZE).order(ByteOrder.LITTLE_ENDIAN);
        input.getInt();
        long rest = Integer.toUnsignedLong(input.getInt());
        while (rest > 0) {
            input = need(1);
            int count = (int) Math.min(rest, input.remaining());
            input.position(input.position() + count);
            rest -= count;
        }
    }

    private ByteBuffer need(int count) throws IOException {
        ByteBuffer input = stored.peek(count);
        if (input.remaining() < count) {
            throw broken("ends within a frame");
        }
        return input;
    }

    private RafsFormatException broken(String problem) {
        return new RafsFormatException(WHAT, stored.position(), problem);
    }

    @Override
    public void close() throws IOException {
        stored.close();
    }
}
