package io.nydus4j.build.tar;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.blob.codec.GzipHeader;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ReadableByteChannel;

/** Opens archives by what they contain: gzip, zstd, or plain bytes. */
public final class ArchiveInputs {
    private static final int BZIP2_MAGIC = 0x68_5A42;
    private static final int XZ_MAGIC = 0x587A_37FD;

    private ArchiveInputs() {}

    /**
     * Opens an archive, to be closed by the caller; that closes the channel.
     *
     * @param channel a file, pipe or device that blocks
     * @param limits  how far it may be decompressed
     * @throws RafsFormatException if it is compressed in a way that is not supported
     */
    public static ArchiveInput open(ReadableByteChannel channel, ArchiveLimits limits) throws IOException {
        StoredInput stored = new StoredInput(channel);
        return switch (compression(stored)) {
            case GZIP -> new BoundedInput(new GzipInput(stored), stored, limits);
            case ZSTD -> new BoundedInput(new ZstdInput(stored), stored, limits);
            case NONE -> new BoundedInput(stored, stored, limits);
            case BZIP2, XZ -> throw wrongCompression(compression(stored), "gzip, zstd or plain");
        };
    }

    /** Tells by its first bytes how an archive is compressed; nothing is consumed. */
    public static ArchiveCompression compression(StoredInput stored) throws IOException {
        ByteBuffer start = stored.peek(Integer.BYTES);
        if (GzipHeader.startsAt(MemorySegment.ofBuffer(start), 0)) {
            return ArchiveCompression.GZIP;
        }
        if (start.remaining() < Integer.BYTES) {
            return ArchiveCompression.NONE;
        }
        int magic = start.order(ByteOrder.LITTLE_ENDIAN).getInt(start.position());
        if (ZstdFrames.startsWith(magic)) {
            return ArchiveCompression.ZSTD;
        }
        if ((magic & 0xFF_FFFF) == BZIP2_MAGIC) {
            return ArchiveCompression.BZIP2;
        }
        return magic == XZ_MAGIC ? ArchiveCompression.XZ : ArchiveCompression.NONE;
    }

    /** Makes the error for an archive that is compressed otherwise than {@code expected} says. */
    public static RafsFormatException wrongCompression(ArchiveCompression found, String expected) {
        return new RafsFormatException("archive", 0, "is compressed by " + found.text() + "; expected " + expected);
    }

    /** Ends {@code plain}, which reads {@code stored}, with an error where it passes the limits. */
    public static ArchiveInput bound(ArchiveInput plain, StoredInput stored, ArchiveLimits limits) {
        return new BoundedInput(plain, stored, limits);
    }
}
