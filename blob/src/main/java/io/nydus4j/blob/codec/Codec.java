package io.nydus4j.blob.codec;

import io.nydus4j.blob.Compression;
import io.nydus4j.blob.RafsFormatException;
import java.lang.foreign.MemorySegment;

/**
 * Compresses and decompresses whole chunks.
 *
 * <p>Compressing follows the rule of the format: what does not become smaller is stored as it is, and marked "not compressed" by the
 * caller; {@link #STORED} says so. Bytes equal those of the reference, given the same input.
 *
 * <p>Memory on the heap and off it may be mixed; a heap segment must be backed by a {@code byte[]}. Codecs have no state that a caller
 * could see, are safe for use by several threads at once, and keep nothing of what they are given.
 */
public sealed interface Codec permits AirliftCodec, GzipCodec, NoneCodec {
    /** Result of compressing that says: store the plain bytes instead. */
    int STORED = -1;

    /** Returns the codec for {@code compression}. Always the same one. */
    static Codec of(Compression compression) {
        return switch (compression) {
            case NONE -> NoneCodec.INSTANCE;
            case LZ4_BLOCK -> Lz4BlockCodec.INSTANCE;
            case GZIP -> GzipCodec.INSTANCE;
            case ZSTD -> ZstdCodec.INSTANCE;
        };
    }

    /** Returns which compression this is. */
    Compression compression();

    /**
     * Returns the room that {@link #compress} wants in its target.
     *
     * @param plainLength length of the input in bytes, 0 to 2^30
     */
    int maxCompressedLength(int plainLength);

    /**
     * Compresses one chunk.
     *
     * @param plain  the chunk
     * @param target takes the compressed bytes from its start; at least {@link #maxCompressedLength} bytes. Its content is undefined
     *               if the result is {@link #STORED}
     * @return the compressed length, less than that of {@code plain}, or {@link #STORED}
     * @throws IllegalArgumentException      if {@code target} is too small
     * @throws UnsupportedOperationException if this is gzip, which images only read
     */
    int compress(MemorySegment plain, MemorySegment target);

    /** Compresses one chunk between arrays; like {@link #compress(MemorySegment, MemorySegment)}. */
    default int compress(byte[] plain, int offset, int length, byte[] target, int targetOffset) {
        return compress(
                MemorySegment.ofArray(plain).asSlice(offset, length),
                MemorySegment.ofArray(target).asSlice(targetOffset));
    }

    /**
     * Decompresses one chunk.
     *
     * @param stored the compressed bytes, all of them; gzip alone ignores what follows the plain bytes asked for
     * @param plain  takes exactly its size of plain bytes. Its content is undefined after an exception
     * @throws RafsFormatException if the bytes are malformed, or hold fewer or more than {@code plain} takes
     */
    void decompress(MemorySegment stored, MemorySegment plain) throws RafsFormatException;

    /**
     * Decompresses the start of what may be longer, and perhaps cut off behind it: a chunk within a layer of the stargz family.
     *
     * @param stored compressed bytes, enough for {@code plain}
     * @param plain  takes exactly its size of plain bytes. Its content is undefined after an exception
     * @throws RafsFormatException if the bytes are malformed, or hold fewer than {@code plain} takes
     */
    default void decompressStart(MemorySegment stored, MemorySegment plain) throws RafsFormatException {
        decompress(stored, plain);
    }

    /** Decompresses one chunk between arrays; like {@link #decompress(MemorySegment, MemorySegment)}. */
    default void decompress(byte[] stored, int offset, int length, byte[] plain, int plainOffset, int plainLength)
            throws RafsFormatException {
        decompress(
                MemorySegment.ofArray(stored).asSlice(offset, length),
                MemorySegment.ofArray(plain).asSlice(plainOffset, plainLength));
    }
}
