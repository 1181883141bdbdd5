package io.nydus4j.storage.cache;

import java.util.ArrayList;
import java.util.List;

/**
 * A run of chunks.
 *
 * @param offset     start in the uncompressed address space, in bytes
 * @param length     plain bytes, with those between chunks
 * @param storedSize stored bytes, with those between chunks
 */
public record ChunkSpan(long offset, long length, long storedSize) {
    /** Cuts the chunks of an index, up to a place in the blob, into runs of about {@code batch} stored bytes. */
    static List<ChunkSpan> cut(ChunkIndex index, long storedEnd, int batch) {
        List<ChunkSpan> spans = new ArrayList<>();
        int first = 0;
        while (first < index.size() && index.unitOffset(first) < storedEnd) {
            long start = index.unitOffset(first);
            long end = start;
            int next = first;
            while (next < index.size()
                    && index.unitOffset(next) < storedEnd
                    && (next == first || index.unitOffset(next) - start < batch && index.unitOffset(next) >= start)) {
                end = Math.max(end, index.unitOffset(next) + index.unitStoredSize(next));
                next = index.unitLast(next) + 1;
            }
            spans.add(new ChunkSpan(index.start(first), index.end(next - 1) - index.start(first), end - start));
            first = next;
        }
        return spans;
    }

    /** Returns the stored bytes of the chunks of a range. */
    static long storedSize(ChunkIndex index, long offset, long length) {
        long size = 0;
        int first = index.firstEndingAfter(offset);
        if (first < index.size()) {
            int last = index.floor(offset + length - 1);
            for (int unit = first; unit <= last; unit = index.unitLast(unit) + 1) {
                size += index.unitStoredSize(unit);
            }
        }
        return size;
    }
}
