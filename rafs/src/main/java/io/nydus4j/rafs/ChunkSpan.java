package io.nydus4j.rafs;

/**
 * The chunks of a file that a range touches.
 *
 * @param first position of the first chunk
 * @param last  position behind the last chunk; equal to {@code first} if the range touches none
 */
public record ChunkSpan(int first, int last) {
    /**
     * Finds the chunks of a range in a file without holes.
     *
     * @param offset     start of the range in the file, in bytes, at least 0
     * @param length     length of the range, in bytes, at least 0; may pass the end of the file
     * @param chunkSize  size of a whole chunk, in bytes, a power of two
     * @param chunkCount number of chunks of the file
     */
    public static ChunkSpan of(long offset, long length, int chunkSize, int chunkCount) {
        int shift = Integer.numberOfTrailingZeros(chunkSize);
        long first = offset >>> shift;
        if (length == 0 || first >= chunkCount) {
            return new ChunkSpan(0, 0);
        }
        long end = length > Long.MAX_VALUE - offset ? Long.MAX_VALUE : offset + length;
        long last = Math.min(((end - 1) >>> shift) + 1, chunkCount);
        return new ChunkSpan((int) first, (int) last);
    }
}
