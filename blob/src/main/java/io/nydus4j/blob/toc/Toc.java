package io.nydus4j.blob.toc;

import io.nydus4j.blob.BlobDigestException;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.PositionalSource;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.blob.digest.Sha256;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The table of contents at the end of a blob: its entries, followed by a tar header that names and measures them.
 *
 * @param entries the parts, in the order in which they lie in the blob
 */
public record Toc(List<TocEntry> entries) {
    /** Name of the tar header behind the entries. */
    public static final String NAME = "rafs.blob.toc";

    /** Longest table with its tar header, in bytes. */
    public static final int MAX_SIZE = 65536;

    /** How much of a blob's end is read where the size of its table is not known. */
    private static final int TAIL = 4096;

    private static final String STRUCTURE = "table of contents";

    /** Keeps a copy of {@code entries}. */
    public Toc {
        entries = List.copyOf(entries);
    }

    /** Returns the entry called {@code name}. */
    public Optional<TocEntry> entry(String name) {
        return entries.stream().filter(e -> e.name().equals(name)).findFirst();
    }

    /** Returns the size of the table with its tar header, in bytes. */
    public int sizeBytes() {
        return entries.size() * TocEntry.SIZE + BlobTarHeader.SIZE;
    }

    /** Returns the table with its tar header. */
    public byte[] toBytes() {
        byte[] bytes = new byte[sizeBytes()];
        MemorySegment segment = MemorySegment.ofArray(bytes);
        int offset = 0;
        for (TocEntry entry : entries) {
            entry.write(segment, offset);
            offset += TocEntry.SIZE;
        }
        byte[] header = new BlobTarHeader(NAME, offset).toBytes();
        System.arraycopy(header, 0, bytes, offset, header.length);
        return bytes;
    }

    /**
     * Parses a table from the end of {@code tail}.
     *
     * @param tail ends with the table's tar header; not kept
     * @throws RafsFormatException if it does not, or the table is broken
     */
    public static Toc parse(MemorySegment tail) throws RafsFormatException {
        long end = tail.byteSize() - BlobTarHeader.SIZE;
        BlobTarHeader header = BlobTarHeader.read(tail, end);
        if (!header.name().equals(NAME)) {
            throw new RafsFormatException(STRUCTURE, -1, "expected the name " + NAME + ", found another");
        }
        if (header.size() > end || header.size() % TocEntry.SIZE != 0 || header.size() > MAX_SIZE) {
            throw new RafsFormatException(
                    STRUCTURE, -1, "expected whole entries in at most " + end + " bytes, found " + header.size());
        }
        List<TocEntry> entries = new ArrayList<>();
        for (long offset = end - header.size(); offset < end; offset += TocEntry.SIZE) {
            entries.add(TocEntry.read(tail, offset));
        }
        return new Toc(entries);
    }

    /**
     * Reads the table whose size the image knows. May block on the network.
     *
     * @param source the blob
     * @param size   size of the table with its tar header, in bytes
     * @param digest SHA-256 of those bytes; zero if not known
     * @throws RafsFormatException if the size is impossible, or the table is broken
     * @throws BlobDigestException if the table has another digest
     * @throws IOException         if reading fails
     */
    public static Toc read(PositionalSource source, int size, Digest digest) throws IOException {
        if (size < BlobTarHeader.SIZE || size > MAX_SIZE || size % TocEntry.SIZE != 0 || size > source.size()) {
            throw new RafsFormatException(
                    STRUCTURE,
                    -1,
                    "expected a size of 512 to 65536, a multiple of 128 and at most the blob's, found " + size);
        }
        byte[] tail = new byte[size];
        source.readFully(source.size() - size, ByteBuffer.wrap(tail));
        if (!digest.isZero()) {
            Digest found = new Sha256().digest(tail, 0, size);
            if (!found.equals(digest)) {
                throw new BlobDigestException(STRUCTURE, digest.toString(), found.toString());
            }
        }
        return parse(MemorySegment.ofArray(tail));
    }

    /**
     * Looks for a table at the end of a blob of which nothing is known. May block on the network.
     *
     * @param source the blob
     * @return the table; empty if the blob does not end with the tar header of one
     * @throws RafsFormatException if it does, but the table is broken
     * @throws IOException         if reading fails
     */
    public static Optional<Toc> find(PositionalSource source) throws IOException {
        byte[] tail = tail(source, TAIL);
        Optional<BlobTarHeader> header = lastHeader(tail);
        if (header.isEmpty() || !header.get().name().equals(NAME)) {
            return Optional.empty();
        }
        if (header.get().size() > tail.length - BlobTarHeader.SIZE && tail.length == TAIL) {
            tail = tail(source, MAX_SIZE);
        }
        return Optional.of(parse(MemorySegment.ofArray(tail)));
    }

    /** Reads the last {@code most} bytes of a blob, or if it has fewer, the largest multiple of 128. */
    private static byte[] tail(PositionalSource source, int most) throws IOException {
        long size = source.size();
        byte[] tail = new byte[(int) Math.min(most, size - size % TocEntry.SIZE)];
        source.readFully(size - tail.length, ByteBuffer.wrap(tail));
        return tail;
    }

    /** Returns the tar header at the end of {@code tail}, if there is one. */
    static Optional<BlobTarHeader> lastHeader(byte[] tail) {
        try {
            return Optional.of(BlobTarHeader.read(MemorySegment.ofArray(tail), tail.length - BlobTarHeader.SIZE));
        } catch (RafsFormatException e) {
            return Optional.empty();
        }
    }
}
