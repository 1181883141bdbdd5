package io.nydus4j.build.repack;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Decides which blobs of an image stay, which vanish, and which are written anew, alone or together.
 *
 * @param kept    blobs that stay as they are
 * @param rebuilt groups of blobs; each becomes one new blob
 */
public record CompactPlan(List<BlobUse> kept, List<List<BlobUse>> rebuilt) {
    /**
     * Makes a plan. Blobs of which nothing is used are in neither list.
     *
     * @param uses            the blobs that may be touched, in the order of the blob table
     * @param minUsedRatio    percent; blobs that are used less are written anew; 0 for never
     * @param compactBlobSize bytes; smaller blobs are put together
     * @param maxCompactSize  bytes of blobs put together, at most
     */
    public static CompactPlan of(List<BlobUse> uses, int minUsedRatio, long compactBlobSize, long maxCompactSize) {
        List<BlobUse> kept = new ArrayList<>();
        List<BlobUse> sparse = new ArrayList<>();
        List<BlobUse> small = new ArrayList<>();
        for (BlobUse use : uses) {
            if (use.isUnused()) {
                continue;
            }
            boolean rebuild = use.canBeRewritten() && use.isUsedLessThan(minUsedRatio);
            if (use.canBeRewritten() && size(use, rebuild) < compactBlobSize) {
                small.add(use);
            } else {
                (rebuild ? sparse : kept).add(use);
            }
            if (rebuild && small.contains(use)) {
                sparse.add(use);
            }
        }
        List<List<BlobUse>> rebuilt = new ArrayList<>();
        small.sort(Comparator.comparingLong(use -> size(use, sparse.contains(use))));
        for (List<BlobUse> group : groups(small, sparse, maxCompactSize)) {
            if (group.size() > 1 || sparse.contains(group.getFirst())) {
                rebuilt.add(group);
            } else {
                kept.add(group.getFirst());
            }
        }
        sparse.stream().filter(use -> !small.contains(use)).forEach(use -> rebuilt.add(List.of(use)));
        kept.sort(Comparator.comparingInt(uses::indexOf));
        return new CompactPlan(kept, rebuilt);
    }

    private static List<List<BlobUse>> groups(List<BlobUse> small, List<BlobUse> sparse, long most) {
        List<List<BlobUse>> groups = new ArrayList<>();
        List<BlobUse> current = new ArrayList<>();
        long sum = 0;
        for (BlobUse use : small) {
            long size = size(use, sparse.contains(use));
            if (!current.isEmpty() && sum + size > most) {
                groups.add(current);
                current = new ArrayList<>();
                sum = 0;
            }
            current.add(use);
            sum += size;
        }
        if (!current.isEmpty()) {
            groups.add(current);
        }
        return groups;
    }

    /** Returns the size that counts for putting blobs together: of the whole blob, or of what is used if it is written anew anyway. */
    private static long size(BlobUse use, boolean rebuild) {
        return rebuild ? use.usedSize() : use.blob().compressedDataSize();
    }
}
