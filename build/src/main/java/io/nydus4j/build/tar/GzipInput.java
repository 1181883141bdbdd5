package io.nydus4j.build.tar;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.blob.codec.GzipHeader;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** Inflates gzip data of any number of members, checking each member's checksum and size. Not safe for use by several threads. */
final class GzipInput implements ArchiveInput {
    private static final String WHAT = "gzip data";

    private final StoredInput stored;
    private final Inflater inflater = new Inflater(true);
    private final CRC32 crc32 = new CRC32();
    private boolean inMember;
    private long memberStart;
    private long position;

    /** Takes over {@code stored}, which is at the start of a member. */
    GzipInput(StoredInput stored) {
        this.stored = stored;
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        while (inMember || startMember()) {
            int start = target.position();
            int count = inflate(target);
            if (count > 0) {
                crc32.update(target.duplicate().position(start).limit(start + count));
                position += count;
                return count;
            }
            if (inflater.finished()) {
                endMember();
            } else if (inflater.needsInput()) {
                ByteBuffer input = stored.peek(1);
                if (!input.hasRemaining()) {
                    throw broken("ends within a member");
                }
                inflater.setInput(input);
            } else {
                throw broken("needs a dictionary");
            }
        }
        return -1;
    }

    private int inflate(ByteBuffer target) throws RafsFormatException {
        try {
            return inflater.inflate(target);
        } catch (DataFormatException e) {
            throw broken(e.getMessage() == null ? "is no deflate stream" : e.getMessage());
        }
    }

    private boolean startMember() throws IOException {
        ByteBuffer input = stored.peek(GzipHeader.MIN_SIZE);
        while (position > 0 && input.hasRemaining() && input.get(input.position()) == 0) {
            // Zeros fill up the last block of a tape or a disk.
            input.get();
            input = stored.peek(GzipHeader.MIN_SIZE);
        }
        if (!input.hasRemaining()) {
            return false;
        }
        if (input.remaining() < GzipHeader.MIN_SIZE || !GzipHeader.startsAt(MemorySegment.ofBuffer(input), 0)) {
            throw broken("has bytes behind the last member that are no member");
        }
        if (input.get(input.position() + 3) != 0) {
            input = stored.peek(StoredInput.BUFFER_SIZE);
        }
        input.position(input.position() + (int) GzipHeader.end(MemorySegment.ofBuffer(input), 0));
        inflater.reset();
        inflater.setInput(input);
        crc32.reset();
        memberStart = position;
        inMember = true;
        return true;
    }

    private void endMember() throws IOException {
        ByteBuffer input = stored.peek(GzipHeader.TRAILER_SIZE).order(ByteOrder.LITTLE_ENDIAN);
        if (input.remaining() < GzipHeader.TRAILER_SIZE) {
            throw broken("ends within the trailer of a member");
        }
        int expectedCrc = input.getInt();
        int expectedSize = input.getInt();
        if (expectedCrc != (int) crc32.getValue() || expectedSize != (int) (position - memberStart)) {
            throw broken("has another checksum or size than its trailer says");
        }
        inMember = false;
    }

    private RafsFormatException broken(String problem) {
        return new RafsFormatException(WHAT, stored.position(), problem);
    }

    @Override
    public long position() {
        return position;
    }

    @Override
    public void close() throws IOException {
        inflater.end();
        stored.close();
    }
}
