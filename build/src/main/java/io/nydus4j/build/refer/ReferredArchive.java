package io.nydus4j.build.refer;

import io.nydus4j.blob.Digest;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.build.tar.ArchiveCompression;
import io.nydus4j.build.tar.ArchiveInput;
import io.nydus4j.build.tar.ArchiveInputs;
import io.nydus4j.build.tar.ArchiveLimits;
import io.nydus4j.build.tar.StoredInput;
import io.nydus4j.build.write.ChunkPlaces;
import java.io.IOException;
import java.nio.channels.ReadableByteChannel;

/**
 * An archive, gzip-compressed or plain, that is read once while it is found out where its chunks lie, how long it is and what its SHA-256 is.
 * Not safe for use by several threads.
 */
public final class ReferredArchive {
    private final DigestedChannel channel;
    private final ArchiveInput input;
    private final ChunkPlaces places;
    private final boolean gzip;

    private ReferredArchive(DigestedChannel channel, ArchiveInput input, ChunkPlaces places, boolean gzip) {
        this.channel = channel;
        this.input = input;
        this.places = places;
        this.gzip = gzip;
    }

    /**
     * Opens an archive by its first bytes.
     *
     * @param channel a file, pipe or device that blocks; closed with {@link #input()}
     * @param limits  how far it may be decompressed
     * @throws RafsFormatException if it is compressed otherwise than with gzip
     */
    public static ReferredArchive open(ReadableByteChannel channel, ArchiveLimits limits) throws IOException {
        DigestedChannel digested = new DigestedChannel(channel);
        StoredInput stored = new StoredInput(digested);
        return switch (ArchiveInputs.compression(stored)) {
            case GZIP -> {
                IndexedGzipInput indexed = new IndexedGzipInput(stored);
                yield new ReferredArchive(digested, ArchiveInputs.bound(indexed, stored, limits), indexed, true);
            }
            case NONE -> new ReferredArchive(digested, stored, new PlainPlaces(stored), false);
            case ZSTD, BZIP2, XZ ->
                throw ArchiveInputs.wrongCompression(
                        ArchiveInputs.compression(stored), "gzip or plain, for an image cannot refer into others");
        };
    }

    /**
     * Opens an archive that must be plain.
     *
     * @throws RafsFormatException if it is compressed
     */
    public static ReferredArchive openPlain(ReadableByteChannel channel) throws IOException {
        DigestedChannel digested = new DigestedChannel(channel);
        StoredInput stored = new StoredInput(digested);
        ArchiveCompression compression = ArchiveInputs.compression(stored);
        if (compression != ArchiveCompression.NONE) {
            throw ArchiveInputs.wrongCompression(compression, "plain, for its blocks become those of the image");
        }
        return new ReferredArchive(digested, stored, new PlainPlaces(stored), false);
    }

    /** Returns the plain bytes of the archive; whoever reads them closes them, which closes the archive. */
    public ArchiveInput input() {
        return input;
    }

    /** Returns who tells where chunks lie. */
    public ChunkPlaces places() {
        return places;
    }

    /** Tells whether the archive is compressed with gzip. */
    public boolean isGzip() {
        return gzip;
    }

    /** Returns the bytes of the archive that have been read: all, when {@link #input()} has ended. */
    public long size() {
        return channel.size();
    }

    /** Returns the SHA-256 of the archive. To be called once, when {@link #input()} has ended. */
    public Digest digest() {
        return channel.digest();
    }
}
