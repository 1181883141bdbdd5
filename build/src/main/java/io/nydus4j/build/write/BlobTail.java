package io.nydus4j.build.write;

import io.nydus4j.blob.Compression;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.chunk.ChunkInfoHeader;
import io.nydus4j.blob.chunk.StoredChunkInfo;
import io.nydus4j.blob.codec.Codec;
import io.nydus4j.blob.toc.Toc;
import io.nydus4j.blob.toc.TocEntry;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Writes what follows the chunks of a blob, in this order: the end of the data, chunk information, the bootstrap, the table of contents.
 * Each part may be left out. Not safe for use by several threads.
 */
public final class BlobTail {
    private final BlobWriter blob;
    private final boolean headers;
    private final boolean withToc;
    private final List<TocEntry> entries = new ArrayList<>();

    /**
     * Starts behind the last chunk.
     *
     * @param headers whether tar headers follow the parts
     * @param withToc whether a table of contents will be written
     */
    public BlobTail(BlobWriter blob, boolean headers, boolean withToc) {
        this.blob = blob;
        this.headers = headers;
        this.withToc = withToc;
    }

    /** Ends the chunks of a blob that has some. */
    public void endData(StoredChunks chunks, long blobOffset) throws IOException {
        if (!headers) {
            return;
        }
        blob.appendHeader(TocEntry.BLOB_DATA, chunks.storedSize());
        // The digest covers the header too, as the reference has it.
        add(
                TocEntry.BLOB_DATA,
                Compression.NONE,
                blob.runningDigest(),
                blobOffset,
                chunks.storedSize(),
                chunks.uncompressedSize());
    }

    /**
     * Writes the chunk information of a blob that has chunks, and its chunk digests if there will be a table of contents.
     *
     * @return the header that describes it
     */
    public ChunkInfoHeader appendChunkInfo(StoredChunks chunks, ChunkSettings settings) throws IOException {
        long start = blob.position();
        StoredChunkInfo info = chunks.chunkInfo().store(settings.compression(), start, settings.cipher());
        blob.append(info.stored());
        blob.append(info.storedHeader());
        long size = (long) info.stored().length + info.storedHeader().length;
        if (headers) {
            blob.appendHeader(TocEntry.CHUNK_INFO, size);
        }
        if (withToc) {
            int headerSize = info.storedHeader().length;
            add(
                    TocEntry.CHUNK_INFO,
                    info.header().compression(),
                    StreamSha256.of(MemorySegment.ofArray(info.plain())),
                    start,
                    info.stored().length,
                    info.plain().length);
            add(
                    TocEntry.CHUNK_INFO_HEADER,
                    Compression.NONE,
                    StreamSha256.of(MemorySegment.ofArray(info.header().toBytes())),
                    start + info.stored().length,
                    headerSize,
                    headerSize);
            appendDigests(chunks.digests());
        }
        return info.header();
    }

    private void appendDigests(byte[] digests) throws IOException {
        long start = blob.position();
        MemorySegment data = MemorySegment.ofArray(digests);
        // They are not fed to the running digest, as the reference has it: such a blob is not named by its SHA-256.
        blob.write(data);
        blob.appendHeader(TocEntry.CHUNK_DIGESTS, digests.length);
        add(TocEntry.CHUNK_DIGESTS, Compression.NONE, StreamSha256.of(data), start, digests.length, digests.length);
    }

    /** Writes the bootstrap, compressed if there will be a table of contents to say so. */
    public void appendBootstrap(MemorySegment bootstrap) throws IOException {
        long start = blob.position();
        Compression compression = withToc ? Compression.ZSTD : Compression.NONE;
        byte[] packed =
                withToc ? new byte[Codec.of(compression).maxCompressedLength((int) bootstrap.byteSize())] : new byte[0];
        int length = withToc ? Codec.of(compression).compress(bootstrap, MemorySegment.ofArray(packed)) : Codec.STORED;
        if (length == Codec.STORED) {
            compression = Compression.NONE;
            blob.append(bootstrap);
        } else {
            blob.append(MemorySegment.ofArray(packed).asSlice(0, length));
        }
        long stored = blob.position() - start;
        blob.appendHeader(TocEntry.BOOTSTRAP, stored);
        add(TocEntry.BOOTSTRAP, compression, StreamSha256.of(bootstrap), start, stored, bootstrap.byteSize());
    }

    /** Writes the table of contents if there is to be one; returns it. */
    public Optional<StoredToc> appendToc() throws IOException {
        if (!withToc) {
            return Optional.empty();
        }
        byte[] toc = new Toc(entries).toBytes();
        blob.append(toc);
        return Optional.of(new StoredToc(toc.length, StreamSha256.of(MemorySegment.ofArray(toc))));
    }

    private void add(String name, Compression compression, Digest digest, long start, long stored, long plain) {
        entries.add(new TocEntry(name, compression, digest, start, stored, plain));
    }
}
