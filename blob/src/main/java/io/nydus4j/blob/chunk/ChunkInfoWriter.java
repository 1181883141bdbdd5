package io.nydus4j.blob.chunk;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.codec.Codec;
import io.nydus4j.blob.crypt.UnitCipher;
import io.nydus4j.blob.zran.ZranContext;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Optional;

/**
 * Collects the chunk information of a blob being written, and makes its stored form.
 *
 * <p>Not safe for use by several threads.
 */
public final class ChunkInfoWriter {
    private static final int FIRST_CAPACITY = 4096;

    private final BlobFeatures features;
    private final ChunkInfoLayout layout;
    private byte[] records = new byte[FIRST_CAPACITY];
    private int count;
    private byte[] contexts = new byte[0];
    private int contextCount;
    private byte[] dictionaries = new byte[0];
    private int dictionariesLength;

    /**
     * Makes an empty writer.
     *
     * @param features the blob's features, which go into the header; {@link BlobFeatures#CHUNK_INFO_V2} selects the version
     */
    public ChunkInfoWriter(BlobFeatures features) {
        this.features = features;
        this.layout = features.has(BlobFeatures.CHUNK_INFO_V2) ? ChunkInfoLayout.V2 : ChunkInfoLayout.V1;
    }

    /**
     * Appends a chunk.
     *
     * @return its index
     * @throws IllegalArgumentException if a value does not fit its field; a chunk of 16 MiB stored uncompressed does not fit in version 2
     */
    public int add(ChunkInfo chunk) {
        int offset = count * layout.size();
        records = withRoom(records, offset + layout.size());
        layout.write(MemorySegment.ofArray(records), offset, chunk);
        return count++;
    }

    /** Appends a batch context and returns its index. */
    public int addBatch(BatchContext context) {
        int offset = contextCount * BatchContext.SIZE;
        contexts = withRoom(contexts, offset + BatchContext.SIZE);
        context.write(MemorySegment.ofArray(contexts), offset);
        return contextCount++;
    }

    /**
     * Appends a zran context and its dictionary.
     *
     * @param context    the context; the place and size of its dictionary are set here
     * @param dictionary 0 to 32768 bytes
     * @return the context's index
     */
    public int addZran(ZranContext context, byte[] dictionary) {
        ZranContext placed = new ZranContext(
                context.compressedOffset(),
                context.uncompressedOffset(),
                dictionariesLength,
                context.compressedSize(),
                context.uncompressedSize(),
                dictionary.length,
                context.bitByte(),
                context.bitCount());
        int offset = contextCount * ZranContext.SIZE;
        contexts = withRoom(contexts, offset + ZranContext.SIZE);
        placed.write(MemorySegment.ofArray(contexts), offset);
        dictionaries = withRoom(dictionaries, Math.addExact(dictionariesLength, dictionary.length));
        System.arraycopy(dictionary, 0, dictionaries, dictionariesLength, dictionary.length);
        dictionariesLength += dictionary.length;
        return contextCount++;
    }

    /** Returns the indexes of the zran contexts that chunks refer to; only for blobs with {@link BlobFeatures#ZRAN}. */
    public BitSet usedContexts() {
        BitSet used = new BitSet();
        for (int i = 0; i < count; i++) {
            used.set(ChunkInfoLayout.contextIndex(MemorySegment.ofArray(records), (long) i * layout.size()));
        }
        return used;
    }

    /**
     * Gives other indexes to the zran contexts that chunks refer to; only for blobs with {@link BlobFeatures#ZRAN}.
     *
     * @param indexes the new index of each used context
     */
    public void renumberContexts(int[] indexes) {
        MemorySegment array = MemorySegment.ofArray(records);
        for (int i = 0; i < count; i++) {
            int offset = i * layout.size();
            ChunkInfoLayout.setContextIndex(array, offset, indexes[ChunkInfoLayout.contextIndex(array, offset)]);
        }
    }

    private static byte[] withRoom(byte[] array, int length) {
        return length <= array.length
                ? array
                : Arrays.copyOf(array, Math.max(length, array.length + (array.length >> 1)));
    }

    /** Returns the number of chunks so far. */
    public int count() {
        return count;
    }

    /** Returns the number of batch or zran contexts so far. */
    public int contextCount() {
        return contextCount;
    }

    /** Returns the plain array: records, contexts, dictionaries. */
    public byte[] toBytes() {
        int recordsLength = count * layout.size();
        int contextsLength = contextCount * ZranContext.SIZE;
        byte[] plain =
                Arrays.copyOf(records, Math.addExact(Math.addExact(recordsLength, contextsLength), dictionariesLength));
        System.arraycopy(contexts, 0, plain, recordsLength, contextsLength);
        System.arraycopy(dictionaries, 0, plain, recordsLength + contextsLength, dictionariesLength);
        return plain;
    }

    /**
     * Makes the stored form: compresses the array if that makes it smaller, encrypts it and its header.
     *
     * @param compression how to compress the array
     * @param offset      where the stored array will start in its file, in bytes
     * @param cipher      encrypts both; empty if the blob is not encrypted
     */
    public StoredChunkInfo store(Compression compression, long offset, Optional<UnitCipher> cipher) {
        byte[] plain = toBytes();
        Codec codec = Codec.of(compression);
        byte[] stored = new byte[codec.maxCompressedLength(plain.length)];
        int length = codec.compress(plain, 0, plain.length, stored, 0);
        Compression used = compression;
        if (length == Codec.STORED) {
            stored = plain;
            length = plain.length;
            used = Compression.NONE;
        }
        stored = Arrays.copyOf(stored, length);
        if (cipher.isPresent()) {
            stored = encrypt(cipher.get(), stored);
        }
        // Their place is told even if there are none.
        boolean hasContexts = features.hasAny(BlobFeatures.BATCH | BlobFeatures.ZRAN);
        long recordsLength = (long) count * layout.size();
        ChunkInfoHeader header = new ChunkInfoHeader(
                features,
                used,
                count,
                offset,
                stored.length,
                plain.length,
                hasContexts ? recordsLength : 0,
                hasContexts ? plain.length - recordsLength : 0,
                contextCount);
        byte[] headerBytes = header.toBytes();
        byte[] storedHeader = cipher.isPresent() ? encrypt(cipher.get(), headerBytes) : headerBytes;
        return new StoredChunkInfo(header, plain, stored, storedHeader);
    }

    private static byte[] encrypt(UnitCipher cipher, byte[] plain) {
        byte[] encrypted = new byte[UnitCipher.encryptedSize(plain.length)];
        cipher.encrypt(plain, 0, plain.length, encrypted, 0);
        return encrypted;
    }
}
