package io.nydus4j.build.refer;

import io.nydus4j.blob.chunk.ChunkInfoWriter;
import io.nydus4j.blob.zran.GzipInflation;
import io.nydus4j.blob.zran.ZranIndexer;
import io.nydus4j.build.tar.ArchiveInput;
import io.nydus4j.build.tar.StoredInput;
import io.nydus4j.build.write.ChunkPlace;
import io.nydus4j.build.write.ChunkPlaces;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.BitSet;

/** Decompresses a gzip archive and tells how its chunks can be decompressed one by one later. Not safe for use by several threads. */
final class IndexedGzipInput implements ArchiveInput, ChunkPlaces {
    private final StoredInput stored;
    private final GzipInflation inflation;
    private final ZranIndexer indexer;

    /** Takes over {@code stored}, which is at the start of the archive. */
    IndexedGzipInput(StoredInput stored) {
        this.stored = stored;
        this.inflation = new GzipInflation(new StoredBytes(stored));
        this.indexer = new ZranIndexer(inflation);
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        return inflation.read(target);
    }

    @Override
    public long position() {
        return inflation.uncompressedPosition();
    }

    @Override
    public void beginChunk(int nominalSize) throws IOException {
        indexer.beginChunk(nominalSize);
    }

    @Override
    public ChunkPlace endChunk() throws IOException {
        return ChunkPlace.of(indexer.endChunk());
    }

    /**
     * {@inheritDoc}
     *
     * <p>Contexts of which all chunks repeat others are of no use, but the reference keeps them, so they stay as long as it could read the
     * image: with more contexts than chunks it cannot.
     */
    @Override
    public void addContexts(ChunkInfoWriter chunkInfo) {
        int count = indexer.contextCount();
        boolean all = count <= chunkInfo.count();
        BitSet used = chunkInfo.usedContexts();
        int[] indexes = new int[count];
        for (int i = 0; i < count; i++) {
            if (all || used.get(i)) {
                indexes[i] = chunkInfo.addZran(indexer.context(i), indexer.dictionary(i));
            }
        }
        chunkInfo.renumberContexts(indexes);
    }

    @Override
    public void close() throws IOException {
        stored.close();
    }

    /** The bytes of a {@link StoredInput} as a stream; whoever made that closes it. */
    private static final class StoredBytes extends InputStream {
        private final StoredInput stored;

        StoredBytes(StoredInput stored) {
            this.stored = stored;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            return length == 0 ? 0 : stored.read(ByteBuffer.wrap(target, offset, length));
        }
    }
}
