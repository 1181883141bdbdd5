package io.nydus4j.rafs.v6;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.rafs.tree.Node;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * The chunk table to be written: one record for each distinct digest and blob (and index, where the blob is external and chunks have
 * no digest), sorted by these. Of several records the last one in the order of the tree counts, so its offset in the file stays.
 */
final class V6ChunkRecords {
    /** Most leading bits of a digest by which records are put into buckets before they are sorted. */
    private static final int MAX_BUCKET_BITS = 16;

    private V6ChunkRecords() {}

    /**
     * Returns the records of the table.
     *
     * @param nodes all nodes in numbering order; their chunks name blobs that exist
     * @param blobs the image's blobs
     */
    static ChunkRecord[] collect(List<Node> nodes, List<BlobInfo> blobs) {
        int count = 0;
        for (Node node : nodes) {
            count = Math.addExact(count, node.isRegular() ? node.chunks().length : 0);
        }
        Comparator<ChunkRecord> order = order(blobs);
        ChunkRecord[] records = sort(nodes, count, order);
        int distinct = 0;
        for (int i = 0; i < count; i++) {
            if (i + 1 == count || order.compare(records[i], records[i + 1]) != 0) {
                records[distinct++] = records[i];
            }
        }
        return Arrays.copyOf(records, distinct);
    }

    private static Comparator<ChunkRecord> order(List<BlobInfo> blobs) {
        boolean[] external = new boolean[blobs.size()];
        for (int i = 0; i < external.length; i++) {
            external[i] = blobs.get(i).features().has(BlobFeatures.EXTERNAL);
        }
        return (a, b) -> {
            int order = a.digest().compareTo(b.digest());
            if (order == 0) {
                order = Integer.compare(a.blobIndex(), b.blobIndex());
            }
            return order == 0 && external[a.blobIndex()] ? Integer.compareUnsigned(a.index(), b.index()) : order;
        };
    }

    /** Puts the records into buckets by the first bits of their digests, keeping their order, and sorts each bucket. */
    private static ChunkRecord[] sort(List<Node> nodes, int count, Comparator<ChunkRecord> order) {
        int bits = Math.clamp(32 - Integer.numberOfLeadingZeros(count) - 2, 1, MAX_BUCKET_BITS);
        int[] ends = new int[1 << bits];
        for (Node node : nodes) {
            if (node.isRegular()) {
                for (ChunkRecord chunk : node.chunks()) {
                    ends[bucket(chunk, bits)]++;
                }
            }
        }
        int total = 0;
        for (int i = 0; i < ends.length; i++) {
            int size = ends[i];
            ends[i] = total;
            total += size;
        }
        ChunkRecord[] records = new ChunkRecord[count];
        for (Node node : nodes) {
            if (node.isRegular()) {
                for (ChunkRecord chunk : node.chunks()) {
                    records[ends[bucket(chunk, bits)]++] = chunk;
                }
            }
        }
        int start = 0;
        for (int end : ends) {
            Arrays.sort(records, start, end, order);
            start = end;
        }
        return records;
    }

    private static int bucket(ChunkRecord chunk, int bits) {
        return (int) (chunk.digest().word0() >>> (Long.SIZE - bits));
    }
}
