package io.nydus4j.blob.toc;

import io.airlift.compress.v3.zstd.ZstdInputStream;
import io.nydus4j.blob.BlobDigestException;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.PositionalSource;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.blob.codec.Codec;
import io.nydus4j.blob.digest.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.Optional;

/**
 * A bootstrap that lies in its blob: where, and how it is stored.
 *
 * <p>A blob with a table of contents names it there, compressed or not; one without ends with the raw bootstrap and a tar header.
 *
 * @param compression      {@link Compression#NONE} or {@link Compression#ZSTD}
 * @param compressedOffset start of the stored bootstrap in the blob, in bytes
 * @param compressedSize   stored size, in bytes
 * @param uncompressedSize plain size, in bytes; unchecked until the bootstrap has been extracted
 * @param digest           SHA-256 of the plain bootstrap; zero if not known
 */
public record InlinedBootstrap(
        Compression compression, long compressedOffset, long compressedSize, long uncompressedSize, Digest digest) {
    private static final String STRUCTURE = "inlined bootstrap";

    /** Up to this plain size a bootstrap is decompressed in one piece. */
    private static final int ONE_PIECE = 64 << 20;

    private static final int BUFFER = 256 << 10;

    /**
     * Looks for the bootstrap in a blob of which nothing is known. May block on the network.
     *
     * @param source the blob
     * @return where it is; empty if the blob has none
     * @throws RafsFormatException if the table of contents or the entry is broken
     * @throws IOException         if reading fails
     */
    public static Optional<InlinedBootstrap> find(PositionalSource source) throws IOException {
        long size = source.size();
        Optional<Toc> toc = Toc.find(source);
        if (toc.isPresent()) {
            Optional<TocEntry> entry = toc.get().entry(TocEntry.BOOTSTRAP);
            return entry.isEmpty() ? Optional.empty() : Optional.of(of(entry.get(), size));
        }
        if (size < BlobTarHeader.SIZE) {
            return Optional.empty();
        }
        byte[] last = new byte[BlobTarHeader.SIZE];
        long end = size - BlobTarHeader.SIZE;
        source.readFully(end, ByteBuffer.wrap(last));
        Optional<BlobTarHeader> header = Toc.lastHeader(last);
        if (header.isEmpty() || !header.get().name().equals(TocEntry.BOOTSTRAP)) {
            return Optional.empty();
        }
        long length = header.get().size();
        if (length > end) {
            throw new RafsFormatException(STRUCTURE, -1, "expected at most " + end + " bytes, found " + length);
        }
        return Optional.of(new InlinedBootstrap(Compression.NONE, end - length, length, length, Digest.ZERO));
    }

    /**
     * Returns the bootstrap that an entry of a table of contents describes.
     *
     * @param blobSize length of the blob in bytes
     * @throws RafsFormatException if the entry lies outside of the blob, or cannot be extracted
     */
    public static InlinedBootstrap of(TocEntry entry, long blobSize) throws RafsFormatException {
        if (entry.compressedOffset() + entry.compressedSize() > blobSize) {
            throw new RafsFormatException(
                    STRUCTURE, entry.compressedOffset(), "ends past the end of the blob, " + blobSize);
        }
        if (entry.compression() != Compression.NONE && entry.compression() != Compression.ZSTD) {
            throw new RafsFormatException(
                    STRUCTURE,
                    entry.compressedOffset(),
                    "is compressed with " + entry.compression().text() + ", which cannot be extracted");
        }
        if (entry.compression() == Compression.NONE && entry.compressedSize() != entry.uncompressedSize()) {
            throw new RafsFormatException(
                    STRUCTURE,
                    entry.compressedOffset(),
                    "is not compressed, but stored in " + entry.compressedSize() + " bytes instead of "
                            + entry.uncompressedSize());
        }
        return new InlinedBootstrap(
                entry.compression(),
                entry.compressedOffset(),
                entry.compressedSize(),
                entry.uncompressedSize(),
                entry.digest());
    }

    /**
     * Returns the plain bootstrap.
     *
     * @param source the blob
     * @param most   largest plain size to accept, in bytes
     * @throws RafsFormatException if it is larger, or broken
     * @throws BlobDigestException if it has another digest
     * @throws IOException         if reading fails
     */
    public byte[] read(PositionalSource source, int most) throws IOException {
        if (uncompressedSize > most) {
            throw new RafsFormatException(
                    STRUCTURE, compressedOffset, "expected at most " + most + " bytes, found " + uncompressedSize);
        }
        byte[] plain = new byte[(int) uncompressedSize];
        ByteBuffer target = ByteBuffer.wrap(plain);
        transfer(source, piece -> target.put(piece));
        return plain;
    }

    /**
     * Writes the plain bootstrap to {@code target}, in bounded memory; the caller discards what was written if this fails.
     *
     * @param source the blob
     * @param target takes the bytes; not closed
     * @throws RafsFormatException if it is broken
     * @throws BlobDigestException if it has another digest
     * @throws IOException         if reading or writing fails
     */
    public void copyTo(PositionalSource source, WritableByteChannel target) throws IOException {
        transfer(source, piece -> {
            while (piece.hasRemaining()) {
                target.write(piece);
            }
        });
    }

    /** Takes the plain bytes piece by piece. */
    private interface Sink {
        void put(ByteBuffer piece) throws IOException;
    }

    private void transfer(PositionalSource source, Sink sink) throws IOException {
        Sha256 sha256 = new Sha256();
        Sink hashed = piece -> {
            sha256.update(piece.duplicate());
            sink.put(piece);
        };
        if (compression == Compression.NONE) {
            copyRaw(source, hashed);
        } else if (uncompressedSize <= ONE_PIECE && compressedSize <= ONE_PIECE) {
            byte[] stored = new byte[(int) compressedSize];
            source.readFully(compressedOffset, ByteBuffer.wrap(stored));
            byte[] plain = new byte[(int) uncompressedSize];
            Codec.of(Compression.ZSTD).decompress(MemorySegment.ofArray(stored), MemorySegment.ofArray(plain));
            hashed.put(ByteBuffer.wrap(plain));
        } else {
            decompress(source, hashed);
        }
        Digest found = sha256.digest();
        if (!digest.isZero() && !found.equals(digest)) {
            throw new BlobDigestException(STRUCTURE, digest.toString(), found.toString());
        }
    }

    private void copyRaw(PositionalSource source, Sink sink) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(BUFFER, compressedSize));
        for (long done = 0; done < compressedSize; done += buffer.limit()) {
            buffer.clear().limit((int) Math.min(buffer.capacity(), compressedSize - done));
            source.readFully(compressedOffset + done, buffer);
            sink.put(buffer.flip());
        }
    }

    private void decompress(PositionalSource source, Sink sink) throws IOException {
        byte[] buffer = new byte[BUFFER];
        long total = 0;
        try (InputStream stored = new SourceStream(source, compressedOffset, compressedSize);
                InputStream plain = new ZstdInputStream(stored)) {
            for (int count = plain.read(buffer); count >= 0; count = plain.read(buffer)) {
                total += count;
                if (total > uncompressedSize) {
                    break;
                }
                sink.put(ByteBuffer.wrap(buffer, 0, count));
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        } catch (RuntimeException e) { // the decompressor has several ways to say that a frame is broken
            throw new RafsFormatException(STRUCTURE, compressedOffset, "cannot be decompressed: " + e.getMessage(), e);
        }
        if (total != uncompressedSize) {
            throw new RafsFormatException(
                    STRUCTURE,
                    compressedOffset,
                    "expected " + uncompressedSize + " plain bytes, found "
                            + (total > uncompressedSize ? "more" : total));
        }
    }
}
