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
    private static final int MAX_BUCKET_BITS = 20;
    /** Longest array that Java makes. */
    private static final int MAX_RECORDS = Integer.MAX_VALUE - 8;

    private V6ChunkRecords() {}

    /**
     * Returns the records of the table.
     *
     * @param nodes all nodes in numbering order; their chunks name blobs that exist
     * @param blobs the image's blobs
     */
    static ChunkRecord[] collect(List<Node> nodes, List<BlobInfo> blobs) {
        ChunkRecord[] inOrder = inOrder(nodes);
        ChunkRecord[] records = new ChunkRecord[inOrder.length];
        long[] words = new long[inOrder.length];
        int distinct = 0;
        int start = 0;
        Comparator<ChunkRecord> order = order(blobs);
        for (int end : fillBuckets(inOrder, records, words)) {
            boolean sorted = isAscending(words, start, end);
            if (!sorted) {
                Arrays.sort(records, start, end, order);
            }
            for (int i = start; i < end; i++) {
                if (sorted || i + 1 == end || order.compare(records[i], records[i + 1]) != 0) {
                    records[distinct++] = records[i];
                }
            }
            start = end;
        }
        return Arrays.copyOf(records, distinct);
    }

    /** Returns the records of all files in the order of the tree. Goes through the nodes once, for they lie anywhere in memory. */
    private static ChunkRecord[] inOrder(List<Node> nodes) {
        ChunkRecord[] records = new ChunkRecord[nodes.size()];
        int count = 0;
        for (Node node : nodes) {
            if (node.isRegular()) {
                ChunkRecord[] chunks = node.chunks();
                int end = Math.addExact(count, chunks.length);
                if (end > records.length) {
                    records = Arrays.copyOf(records, Math.max(end, (int) Math.min(2L * records.length, MAX_RECORDS)));
                }
                System.arraycopy(chunks, 0, records, count, chunks.length);
                count = end;
            }
        }
        return Arrays.copyOf(records, count);
    }

    private static boolean isAscending(long[] words, int start, int end) {
        for (int i = start + 1; i < end; i++) {
            if (Long.compareUnsigned(words[i - 1], words[i]) >= 0) {
                return false;
            }
        }
        return true;
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

    /**
     * Puts the records into buckets by the first bits of their digests, keeping their order, and beside each the first word of its
     * digest: to look into the records, which lie anywhere in memory, takes longer than all else. Returns where the buckets end.
     */
    private static int[] fillBuckets(ChunkRecord[] inOrder, ChunkRecord[] records, long[] words) {
        // As many as records: few buckets have more than one or two.
        int bits = Math.clamp(Integer.SIZE - Integer.numberOfLeadingZeros(inOrder.length), 1, MAX_BUCKET_BITS);
        int shift = Long.SIZE - bits;
        int[] ends = new int[1 << bits];
        long[] wordsInOrder = new long[inOrder.length];
        for (int i = 0; i < inOrder.length; i++) {
            long word = inOrder[i].digest().word0();
            wordsInOrder[i] = word;
            ends[(int) (word >>> shift)]++;
        }
        int total = 0;
        for (int i = 0; i < ends.length; i++) {
            int size = ends[i];
            ends[i] = total;
            total += size;
        }
        for (int i = 0; i < inOrder.length; i++) {
            long word = wordsInOrder[i];
            int place = ends[(int) (word >>> shift)]++;
            records[place] = inOrder[i];
            words[place] = word;
        }
        return ends;
    }
}
