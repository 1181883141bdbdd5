package io.nydus4j.build.chunkdict;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Rows to learn from, and rows to test with: of each image the older tags and the newer ones.
 *
 * @param training older tags, images in name order
 * @param test     newer tags, images in name order
 */
record RowSplit(List<ChunkRow> training, List<ChunkRow> test) {
    /** Part of an image's tags to learn from, rounded down. */
    private static final double TRAINING = 0.7;

    static RowSplit of(List<ChunkRow> rows) {
        Map<String, Map<String, List<ChunkRow>>> images = new TreeMap<>();
        for (ChunkRow row : rows) {
            images.computeIfAbsent(row.image(), _ -> new TreeMap<>(new TagOrder()))
                    .computeIfAbsent(row.tag(), _ -> new ArrayList<>())
                    .add(row);
        }
        List<ChunkRow> training = new ArrayList<>();
        List<ChunkRow> test = new ArrayList<>();
        for (Map<String, List<ChunkRow>> tags : images.values()) {
            int left = (int) (tags.size() * TRAINING);
            for (List<ChunkRow> group : tags.values()) {
                (left-- > 0 ? training : test).addAll(group);
            }
        }
        return new RowSplit(training, test);
    }
}
