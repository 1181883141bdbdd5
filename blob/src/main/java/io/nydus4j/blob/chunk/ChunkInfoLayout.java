package io.nydus4j.blob.chunk;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The two layouts of a chunk information record, little-endian words of 8 bytes.
 *
 * <p>Version 1 (16 bytes, mirrors {@code BlobChunkInfoV1Ondisk} of the reference; both sizes are stored minus one):
 * <pre>
 *   word bits
 *      0 12-43 uncompressed offset, its low 12 bits left out, at its own place
 *      0 44-63 uncompressed size - 1, bits 0 to 19
 *      0  8-11 uncompressed size - 1, bits 20 to 23
 *      1  0-39 compressed offset
 *      1 44-63 compressed size - 1, bits 0 to 19
 *      1 40-43 compressed size - 1, bits 20 to 23
 * </pre>
 *
 * <p>Version 2 (24 bytes, mirrors {@code BlobChunkInfoV2Ondisk}; only the uncompressed size is stored minus one):
 * <pre>
 *   word bits
 *      0  0-31 uncompressed offset / 4096
 *      0 32-55 uncompressed size - 1
 *      0 56-63 flags, see {@link ChunkInfoFlags}
 *      1  0-39 compressed offset
 *      1 40-63 compressed size
 *      2       batch and zran: context index << 32 | offset in the context; else the CRC-32C, or 0
 * </pre>
 */
enum ChunkInfoLayout {
    V1(16) {
        @Override
        long uncompressedOffset(MemorySegment array, long offset) {
            return array.get(WORD, offset) & V1_OFFSET;
        }

        @Override
        int uncompressedSize(MemorySegment array, long offset) {
            long word = array.get(WORD, offset);
            return (int) (word >>> 44 | (word >>> 8 & 0xF) << 20) + 1;
        }

        @Override
        int compressedSize(MemorySegment array, long offset) {
            long word = array.get(WORD, offset + 8);
            return (int) (word >>> 44 | (word >>> 40 & 0xF) << 20) + 1;
        }

        @Override
        int flags(MemorySegment array, long offset) {
            return compressedSize(array, offset) == uncompressedSize(array, offset) ? 0 : ChunkInfoFlags.COMPRESSED;
        }

        @Override
        long data(MemorySegment array, long offset) {
            return 0;
        }

        @Override
        void write(MemorySegment array, long offset, ChunkInfo chunk) {
            check("uncompressed offset", chunk.uncompressedOffset(), 0, MAX_UNCOMPRESSED_OFFSET);
            check("uncompressed size", chunk.uncompressedSize(), 1, MAX_SIZE);
            check("compressed offset", chunk.compressedOffset(), 0, COMPRESSED_OFFSET);
            check("compressed size", chunk.compressedSize(), 1, MAX_SIZE);
            long plain = chunk.uncompressedSize() - 1L;
            long stored = chunk.compressedSize() - 1L;
            array.set(WORD, offset, (chunk.uncompressedOffset() & V1_OFFSET) | plain << 44 | plain >>> 20 << 8);
            array.set(WORD, offset + 8, chunk.compressedOffset() | stored << 44 | stored >>> 20 << 40);
        }
    },
    V2(24) {
        @Override
        long uncompressedOffset(MemorySegment array, long offset) {
            return (array.get(WORD, offset) & 0xFFFF_FFFFL) << 12;
        }

        @Override
        int uncompressedSize(MemorySegment array, long offset) {
            return (int) (array.get(WORD, offset) >>> 32 & 0xFF_FFFF) + 1;
        }

        @Override
        int compressedSize(MemorySegment array, long offset) {
            return (int) (array.get(WORD, offset + 8) >>> 40);
        }

        @Override
        int flags(MemorySegment array, long offset) {
            return (int) (array.get(WORD, offset) >>> 56);
        }

        @Override
        long data(MemorySegment array, long offset) {
            return array.get(WORD, offset + 16);
        }

        @Override
        void write(MemorySegment array, long offset, ChunkInfo chunk) {
            check("uncompressed offset", chunk.uncompressedOffset(), 0, MAX_UNCOMPRESSED_OFFSET);
            check("uncompressed size", chunk.uncompressedSize(), 1, MAX_SIZE);
            check("compressed offset", chunk.compressedOffset(), 0, COMPRESSED_OFFSET);
            check("compressed size", chunk.compressedSize(), 0, MAX_SIZE - 1);
            check("flags", chunk.flags(), 0, 0xFF);
            array.set(
                    WORD,
                    offset,
                    chunk.uncompressedOffset() >>> 12
                            | (chunk.uncompressedSize() - 1L) << 32
                            | (long) chunk.flags() << 56);
            array.set(WORD, offset + 8, chunk.compressedOffset() | (long) chunk.compressedSize() << 40);
            array.set(WORD, offset + 16, chunk.data());
        }
    };

    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt CONTEXT_INDEX =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final long V1_OFFSET = 0xFFF_FFFF_F000L;
    private static final long COMPRESSED_OFFSET = 0xFF_FFFF_FFFFL;
    private static final long MAX_UNCOMPRESSED_OFFSET = 0xFFF_FFFF_FFFFL;

    /** Largest size of a chunk, in bytes. */
    static final int MAX_SIZE = 1 << 24;

    private final int size;

    ChunkInfoLayout(int size) {
        this.size = size;
    }

    /** Returns the length of a record in bytes. */
    int size() {
        return size;
    }

    /** Returns the context index in a record of version 2. */
    static int contextIndex(MemorySegment array, long offset) {
        return array.get(CONTEXT_INDEX, offset + 20);
    }

    /** Replaces the context index in a record of version 2. */
    static void setContextIndex(MemorySegment array, long offset, int index) {
        array.set(CONTEXT_INDEX, offset + 20, index);
    }

    abstract long uncompressedOffset(MemorySegment array, long offset);

    abstract int uncompressedSize(MemorySegment array, long offset);

    /** Both versions keep the compressed offset in the same bits. */
    long compressedOffset(MemorySegment array, long offset) {
        return array.get(WORD, offset + 8) & COMPRESSED_OFFSET;
    }

    abstract int compressedSize(MemorySegment array, long offset);

    abstract int flags(MemorySegment array, long offset);

    abstract long data(MemorySegment array, long offset);

    /**
     * Writes a record.
     *
     * @throws IllegalArgumentException if a value does not fit its field
     */
    abstract void write(MemorySegment array, long offset, ChunkInfo chunk);

    private static void check(String field, long value, long low, long high) {
        if (value < low || value > high) {
            throw new IllegalArgumentException(field + " " + value + " is not between " + low + " and " + high);
        }
    }
}
