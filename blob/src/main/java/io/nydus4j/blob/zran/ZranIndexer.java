package io.nydus4j.blob.zran;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Chooses the contexts from which the chunks of a gzip file can be decompressed later, while the file is decompressed once. Mirrors
 * {@code ZranGenerator} of the reference and gives the same contexts, with one difference: where a context would start behind the last block
 * of a member, which cannot be decompressed, it starts with the next member.
 *
 * <p>A context starts with the deflate block that holds the beginning of a chunk, and covers all chunks until it is long enough. The one
 * who reads the file from {@link GzipInflation} says where chunks begin and end. Not safe for use by several threads.
 */
public final class ZranIndexer {
    /** Stored bytes of a context from which on the next chunk starts another one. */
    private static final long ENOUGH_COMPRESSED = 1 << 19;

    /** Plain bytes that a context with the next chunk should stay below. */
    private static final long ENOUGH_UNCOMPRESSED = 1 << 21;

    /** Most plain bytes of a context: a reader takes no more. */
    private static final long MOST_UNCOMPRESSED = 1 << 24;

    private final GzipInflation inflation;
    private final List<ZranContext> contexts = new ArrayList<>();
    private final List<byte[]> dictionaries = new ArrayList<>();
    private long chunkCompressed;
    private long chunkUncompressed;

    /** Watches {@code inflation}, from which nothing has been read yet. */
    public ZranIndexer(GzipInflation inflation) {
        this.inflation = inflation;
    }

    /**
     * Says that a chunk begins with the next plain byte.
     *
     * @param nominalSize bytes of a whole chunk, even if this one is shorter
     * @throws IOException if the file cannot be read or decompressed
     */
    public void beginChunk(int nominalSize) throws IOException {
        chunkCompressed = inflation.compressedPosition();
        chunkUncompressed = inflation.uncompressedPosition();
        if (needsContext(nominalSize)) {
            if (inflation.skipToMember()) {
                chunkCompressed = inflation.blockStart().compressedOffset();
            }
            BlockStart start = inflation.blockStart();
            contexts.add(new ZranContext(
                    start.compressedOffset(),
                    start.uncompressedOffset(),
                    0,
                    0,
                    0,
                    0,
                    start.bitByte(),
                    start.bitCount()));
            dictionaries.add(inflation.blockHistory());
        }
    }

    private boolean needsContext(int nominalSize) {
        if (contexts.isEmpty()) {
            return true;
        }
        ZranContext current = contexts.getLast();
        boolean inFirstBlock = inflation.blockStart().compressedOffset() == current.compressedOffset();
        return !inFirstBlock
                && (chunkCompressed - current.compressedOffset() >= ENOUGH_COMPRESSED
                        || chunkUncompressed - current.uncompressedOffset() + nominalSize >= ENOUGH_UNCOMPRESSED);
    }

    /**
     * Says that the chunk ends before the next plain byte.
     *
     * @return where it lies
     * @throws IOException if the file cannot be read or decompressed, or a context became too long
     */
    public ZranChunk endChunk() throws IOException {
        ZranContext context = contexts.getLast();
        long compressed = inflation.compressedPosition();
        long uncompressed = inflation.uncompressedPosition();
        long uncompressedSize = uncompressed - context.uncompressedOffset();
        if (uncompressedSize > MOST_UNCOMPRESSED) {
            throw new IOException(
                    "%s at offset %d: a chunk can only be found again by decompressing %d bytes, %d are the most"
                            .formatted(
                                    GzipInflation.STRUCTURE,
                                    context.compressedOffset(),
                                    uncompressedSize,
                                    MOST_UNCOMPRESSED));
        }
        contexts.set(
                contexts.size() - 1,
                new ZranContext(
                        context.compressedOffset(),
                        context.uncompressedOffset(),
                        0,
                        (int) (compressed - context.compressedOffset()),
                        (int) uncompressedSize,
                        0,
                        context.bitByte(),
                        context.bitCount()));
        return new ZranChunk(
                contexts.size() - 1,
                (int) (chunkUncompressed - context.uncompressedOffset()),
                (int) (uncompressed - chunkUncompressed),
                chunkCompressed,
                (int) (compressed - chunkCompressed));
    }

    /** Returns the number of contexts so far. */
    public int contextCount() {
        return contexts.size();
    }

    /** Returns a context; the place and size of its dictionary are not set. */
    public ZranContext context(int index) {
        return contexts.get(index);
    }

    /** Returns the dictionary of a context, 0 to 32768 bytes; not to be changed. */
    public byte[] dictionary(int index) {
        return dictionaries.get(index);
    }
}
