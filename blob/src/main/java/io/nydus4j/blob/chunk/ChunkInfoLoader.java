package io.nydus4j.blob.chunk;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.PositionalSource;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.blob.codec.Codec;
import io.nydus4j.blob.crypt.UnitCipher;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Brings a blob's chunk information into memory: from the blob (or from the metadata blob of a SEPARATE one), and to and from the plain form
 * that caches keep.
 *
 * <p>The cached form is the plain array, zeros up to a multiple of 4096 bytes, and the plain header.
 */
public final class ChunkInfoLoader {
    /** Longest plain array of version 1, and of version 2, in bytes. */
    private static final long MAX_V1 = 256L << 20;

    private static final long MAX_V2 = 384L << 20;

    /** What contexts and dictionaries may add to an array, in bytes. */
    private static final long MAX_CONTEXTS = 512L << 20;

    /** Stored bytes that are asked for without knowing that the blob has so many: a server would have to be asked twice. */
    private static final long MAX_UNSEEN = 16L << 20;

    private static final String STRUCTURE = "chunk information";

    private ChunkInfoLoader() {}

    /**
     * Reads the chunk information of a blob: one request, then decrypts, decompresses and checks. May block on the network.
     *
     * @param blob   what the image says of the blob; it has chunk information
     * @param source the blob named {@link BlobInfo#metaId()}
     * @throws RafsFormatException if the image or the blob is broken
     * @throws IOException         if reading fails
     */
    public static ChunkInfoTable load(BlobInfo blob, PositionalSource source) throws IOException {
        int plainSize = plainSize(blob);
        long storedSize = blob.chunkInfoCompressedSize();
        if (storedSize < 1 || storedSize > Math.max(plainSize, UnitCipher.PADDED_SIZE)) {
            throw broken(blob, "stored size " + storedSize + " of " + plainSize + " bytes is impossible");
        }
        long offset = blob.chunkInfoOffset();
        if (offset < 0 || storedSize > MAX_UNSEEN) {
            checkPlace(blob, offset, storedSize, source);
        }
        byte[] stored = new byte[(int) storedSize + ChunkInfoHeader.SIZE];
        if (source.readAt(offset, ByteBuffer.wrap(stored)) < stored.length) {
            checkPlace(blob, offset, storedSize, source);
            throw new EOFException("the chunk information of blob " + blob.id() + " ends early");
        }
        return decode(blob, stored, (int) storedSize, plainSize);
    }

    private static void checkPlace(BlobInfo blob, long offset, long storedSize, PositionalSource source)
            throws IOException {
        long size = source.size();
        if (offset < 0 || offset > size - storedSize - ChunkInfoHeader.SIZE) {
            throw broken(blob, "lies at " + offset + " with " + storedSize + " bytes, in a file of " + size);
        }
    }

    /**
     * Decodes the stored form.
     *
     * @param blob   what the image says of the blob
     * @param stored the stored array, then the stored header
     * @throws RafsFormatException if either is broken
     */
    public static ChunkInfoTable decode(BlobInfo blob, byte[] stored) throws RafsFormatException {
        int storedSize = stored.length - ChunkInfoHeader.SIZE;
        if (storedSize != blob.chunkInfoCompressedSize()) {
            throw broken(blob, "expected " + blob.chunkInfoCompressedSize() + " stored bytes, found " + storedSize);
        }
        return decode(blob, stored, storedSize, plainSize(blob));
    }

    private static ChunkInfoTable decode(BlobInfo blob, byte[] stored, int storedSize, int plainSize)
            throws RafsFormatException {
        boolean encrypted = blob.features().has(BlobFeatures.ENCRYPTED);
        boolean compressed = blob.chunkInfoCompression() != Compression.NONE;
        MemorySegment file = MemorySegment.ofArray(stored);
        byte[] plain = new byte[plainSize];
        byte[] headerBytes = new byte[ChunkInfoHeader.SIZE];
        var cipher = UnitCipher.of(blob);
        MemorySegment array = file.asSlice(0, storedSize);
        if (encrypted && cipher.isPresent()) {
            cipher.get().decryptExactly(stored, storedSize, ChunkInfoHeader.SIZE, headerBytes, 0, ChunkInfoHeader.SIZE);
            byte[] clear = new byte[storedSize];
            array = MemorySegment.ofArray(clear).asSlice(0, cipher.get().decrypt(stored, 0, storedSize, clear, 0));
        } else {
            System.arraycopy(stored, storedSize, headerBytes, 0, ChunkInfoHeader.SIZE);
        }
        ChunkInfoHeader header = ChunkInfoHeader.read(MemorySegment.ofArray(headerBytes), 0);
        Codec.of(compressed ? blob.chunkInfoCompression() : Compression.NONE)
                .decompress(array, MemorySegment.ofArray(plain));
        return ChunkInfoTable.of(MemorySegment.ofArray(plain), header, blob);
    }

    private static int plainSize(BlobInfo blob) throws RafsFormatException {
        boolean version2 = blob.features().has(BlobFeatures.CHUNK_INFO_V2);
        long most = version2 ? MAX_V2 : MAX_V1;
        if (blob.features().hasAny(BlobFeatures.BATCH | BlobFeatures.ZRAN)) {
            most += MAX_CONTEXTS;
        }
        long plainSize = blob.chunkInfoUncompressedSize();
        if (plainSize < 1 || plainSize > most) {
            throw broken(blob, "expected a plain size of 1 to " + most + " bytes, found " + plainSize);
        }
        return (int) plainSize;
    }

    /** Returns the length of the cached form, in bytes. */
    public static long cachedSize(BlobInfo blob) {
        return roundUp(blob.chunkInfoUncompressedSize()) + ChunkInfoHeader.SIZE;
    }

    /**
     * Returns the table in a cached form, in place.
     *
     * @param blob what the image says of the blob
     * @param file the whole cached form; stays in use
     * @throws RafsFormatException if it has another length, or is broken
     */
    public static ChunkInfoTable fromCache(BlobInfo blob, MemorySegment file) throws RafsFormatException {
        long arraySize = roundUp(plainSize(blob));
        if (file.byteSize() != arraySize + ChunkInfoHeader.SIZE) {
            throw broken(
                    blob,
                    "expected a cached file of " + (arraySize + ChunkInfoHeader.SIZE) + " bytes, found "
                            + file.byteSize());
        }
        return ChunkInfoTable.of(file.asSlice(0, arraySize), ChunkInfoHeader.read(file, arraySize), blob);
    }

    /**
     * Writes the cached form of a table.
     *
     * @param file takes {@link #cachedSize} bytes from its start
     */
    public static void writeCache(ChunkInfoTable table, MemorySegment file) {
        long plainSize = table.array().byteSize();
        long arraySize = roundUp(plainSize);
        MemorySegment.copy(table.array(), 0, file, 0, plainSize);
        file.asSlice(plainSize, arraySize - plainSize).fill((byte) 0);
        table.header().write(file, arraySize);
    }

    private static long roundUp(long size) {
        return size + 4095 & -4096L;
    }

    private static RafsFormatException broken(BlobInfo blob, String problem) {
        return new RafsFormatException(STRUCTURE + " of blob " + blob.id(), -1, problem);
    }
}
