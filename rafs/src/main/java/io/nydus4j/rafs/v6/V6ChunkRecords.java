package io.nydus4j.rafs.v6;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.rafs.tree.Node;
import java.lang.foreign.MemorySegment;
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
    /** Number of records up to which a bucket is sorted by the first words of their digests. */
    private static final int SMALL_BUCKET = 32;
    /** Longest array that Java makes. */
    private static final int MAX_RECORDS = Integer.MAX_VALUE - 8;

    /** The records of all files in the order of the tree. */
    private final ChunkRecord[] records;
    /** Where each goes in the table. */
    private final int[] places;

    private final int count;

    private V6ChunkRecords(ChunkRecord[] records, int[] places, int count) {
        this.records = records;
        this.places = places;
        this.count = count;
    }

    /** Returns a table without records. */
    static V6ChunkRecords none() {
        return new V6ChunkRecords(new ChunkRecord[0], new int[0], 0);
    }

    /**
     * Collects the records of all files.
     *
     * @param nodes all nodes in numbering order; their chunks name blobs that exist
     * @param blobs the image's blobs
     */
    static V6ChunkRecords collect(List<Node> nodes, List<BlobInfo> blobs) {
        ChunkRecord[] records = inOrder(nodes);
        int[] members = new int[records.length];
        long[] words = new long[records.length];
        int[] places = new int[records.length];
        Comparator<ChunkRecord> order = order(blobs);
        int count = 0;
        int start = 0;
        for (int end : fillBuckets(records, members, words)) {
            boolean distinct = sortByWords(members, words, start, end);
            if (!distinct) {
                sort(records, members, start, end, order);
            }
            for (int i = start; i < end; i++) {
                // Equal ones get one place, in which the last one written stays.
                boolean repeated =
                        !distinct && i > start && order.compare(records[members[i - 1]], records[members[i]]) == 0;
                places[members[i]] = repeated ? count - 1 : count++;
            }
            start = end;
        }
        return new V6ChunkRecords(records, places, count);
    }

    /** Returns the number of records in the table. */
    int count() {
        return count;
    }

    /**
     * Writes the table.
     *
     * @param offset where it starts in {@code target}, in bytes
     */
    void write(MemorySegment target, long offset) {
        byte[] record = new byte[ChunkRecord.SIZE];
        MemorySegment segment = MemorySegment.ofArray(record);
        // In the order of the tree: reading them all over the memory takes longer than writing them there.
        for (int i = 0; i < records.length; i++) {
            records[i].write(record, 0);
            MemorySegment.copy(segment, 0, target, offset + (long) places[i] * ChunkRecord.SIZE, ChunkRecord.SIZE);
        }
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

    /** Sorts a small bucket by the first words of the digests; returns whether that was enough, for all differ. */
    private static boolean sortByWords(int[] members, long[] words, int start, int end) {
        if (end - start > SMALL_BUCKET) {
            return false;
        }
        boolean distinct = true;
        for (int i = start + 1; i < end; i++) {
            long word = words[i];
            int member = members[i];
            int place = i;
            while (place > start && Long.compareUnsigned(words[place - 1], word) > 0) {
                words[place] = words[place - 1];
                members[place] = members[place - 1];
                place--;
            }
            words[place] = word;
            members[place] = member;
            distinct &= place == start || words[place - 1] != word;
        }
        return distinct;
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

    private static void sort(ChunkRecord[] records, int[] members, int start, int end, Comparator<ChunkRecord> order) {
        Integer[] sorted = new Integer[end - start];
        for (int i = 0; i < sorted.length; i++) {
            sorted[i] = members[start + i];
        }
        Arrays.sort(sorted, (a, b) -> order.compare(records[a], records[b]));
        for (int i = 0; i < sorted.length; i++) {
            members[start + i] = sorted[i];
        }
    }

    /**
     * Puts the positions of the records into buckets by the first bits of their digests, and beside each the first word of its digest: to
     * look into the records, which lie anywhere in memory, takes longer than all else. Returns where the buckets end.
     */
    private static int[] fillBuckets(ChunkRecord[] records, int[] members, long[] words) {
        // As many as records: few buckets have more than one or two.
        int bits = Math.clamp(Integer.SIZE - Integer.numberOfLeadingZeros(records.length), 1, MAX_BUCKET_BITS);
        int shift = Long.SIZE - bits;
        int[] ends = new int[1 << bits];
        long[] wordsInOrder = new long[records.length];
        for (int i = 0; i < records.length; i++) {
            long word = records[i].digest().word0();
            wordsInOrder[i] = word;
            ends[(int) (word >>> shift)]++;
        }
        int total = 0;
        for (int i = 0; i < ends.length; i++) {
            int size = ends[i];
            ends[i] = total;
            total += size;
        }
        for (int i = 0; i < records.length; i++) {
            long word = wordsInOrder[i];
            int place = ends[(int) (word >>> shift)]++;
            members[place] = i;
            words[place] = word;
        }
        return ends;
    }
}
