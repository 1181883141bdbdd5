package io.nydus4j.build.chunkdict;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** An image as the clustering sees it. Not safe for use by several threads. */
final class ImagePoint {
    /** Number of a point that belongs to no cluster. */
    static final int NOISE = 0;

    private final String image;
    private final List<ChunkRow> rows;
    /** Stored bytes of the first row of each digest. */
    private final Map<String, Long> sizes = new HashMap<>();

    private long totalSize;
    private long repeatedSize;

    boolean visited;
    int cluster = NOISE;

    /** Makes a point; {@code rows} are kept. */
    ImagePoint(String image, List<ChunkRow> rows) {
        this.image = image;
        this.rows = rows;
        for (ChunkRow row : rows) {
            totalSize += row.compressedSize();
            if (sizes.putIfAbsent(row.digest(), row.compressedSize()) != null) {
                repeatedSize += row.compressedSize();
            }
        }
    }

    /** Returns a point for each image, in name order. */
    static List<ImagePoint> of(List<ChunkRow> rows) {
        Map<String, List<ChunkRow>> byImage = new TreeMap<>();
        for (ChunkRow row : rows) {
            byImage.computeIfAbsent(row.image(), _ -> new ArrayList<>()).add(row);
        }
        List<ImagePoint> points = new ArrayList<>();
        byImage.forEach((image, imageRows) -> points.add(new ImagePoint(image, imageRows)));
        return points;
    }

    String image() {
        return image;
    }

    List<ChunkRow> rows() {
        return rows;
    }

    boolean isClustered() {
        return cluster != NOISE;
    }

    /**
     * Returns how different two images are: 1 without the part of their stored bytes that repeats something in either. Two equal images
     * without repeats in themselves are 0.5 apart.
     */
    double distance(ImagePoint other) {
        long repeated = repeatedSize + other.repeatedSize;
        for (Map.Entry<String, Long> entry : other.sizes.entrySet()) {
            if (sizes.containsKey(entry.getKey())) {
                repeated += entry.getValue();
            }
        }
        return 1.0 - repeated / (double) (totalSize + other.totalSize);
    }
}
