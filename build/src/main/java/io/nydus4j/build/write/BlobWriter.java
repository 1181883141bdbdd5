package io.nydus4j.build.write;

import io.nydus4j.blob.Digest;
import io.nydus4j.blob.toc.BlobTarHeader;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * A data blob being written, and the SHA-256 that names it.
 *
 * <p>Bytes may be written by one thread and digested by another, each in order; {@link #append} does both. Otherwise not safe for use by
 * several threads. The caller closes the file.
 */
public final class BlobWriter {
    private final Optional<OutputFile> file;
    private final Optional<OutputFile> plain;
    private long plainEnd;
    private final StreamSha256 running = StreamSha256.start();
    private long position;

    /**
     * Starts a blob.
     *
     * @param file takes the bytes; without one they are only counted and digested
     */
    public BlobWriter(Optional<OutputFile> file) {
        this(file, Optional.empty());
    }

    private BlobWriter(Optional<OutputFile> file, Optional<OutputFile> plain) {
        this.file = file;
        this.plain = plain;
    }

    /**
     * Starts a blob that is only counted and digested, and whose uncompressed address space is written instead.
     *
     * @param plain takes the plain bytes of chunks at their places
     */
    public static BlobWriter toCache(OutputFile plain) {
        return new BlobWriter(Optional.empty(), Optional.of(plain));
    }

    /** Returns the number of bytes written so far. */
    public long position() {
        return position;
    }

    /** Writes bytes that somebody else passes to {@link #digest(MemorySegment)}, or that do not count for the name. */
    public void write(MemorySegment data) throws IOException {
        if (file.isPresent()) {
            file.get().write(data);
        }
        position += data.byteSize();
    }

    /** Tells whether plain bytes are wanted. */
    boolean wantsPlain() {
        return plain.isPresent();
    }

    /** Writes the plain bytes of a chunk to their place in the uncompressed address space. */
    void writePlain(long offset, MemorySegment data) throws IOException {
        plain.orElseThrow().writeAt(offset, data.asByteBuffer());
        plainEnd = Math.max(plainEnd, offset + data.byteSize());
    }

    /** Makes the uncompressed address space as large as it is said to be. */
    public void endPlain(long size) throws IOException {
        if (plainEnd < size) {
            plain.orElseThrow().writeAt(size - 1, ByteBuffer.allocate(1));
        }
    }

    /** Feeds the running digest with bytes that somebody else writes. */
    public void digest(MemorySegment data) {
        running.update(data);
    }

    /** Writes and digests bytes. */
    public void append(MemorySegment data) throws IOException {
        write(data);
        digest(data);
    }

    /** Writes and digests bytes. */
    public void append(byte[] data) throws IOException {
        append(MemorySegment.ofArray(data));
    }

    /** Writes and digests the tar header that names the part before it. */
    public void appendHeader(String name, long size) throws IOException {
        append(new BlobTarHeader(name, size).toBytes());
    }

    /** Starts to bring what was written to the disk; see {@link OutputFile#flushSoon}. */
    public void flushSoon() {
        file.ifPresent(OutputFile::flushSoon);
    }

    /** Returns the digest of all that was digested so far, which goes on. */
    public Digest runningDigest() {
        return running.soFar();
    }
}
