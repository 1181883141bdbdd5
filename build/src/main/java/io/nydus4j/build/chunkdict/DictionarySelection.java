package io.nydus4j.build.chunkdict;

import io.nydus4j.build.chunkdict.ImageClusters.Cluster;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Chooses the chunks of a dictionary: first those that clusters of images have in common, then those that stay from tag to tag of an
 * image. Mirrors the algorithm {@code exponential_smoothing} of the reference.
 *
 * @param rows             the chosen rows
 * @param trainingSize     stored bytes of the rows that it learned from
 * @param testSize         stored bytes of the rows that it was tested with
 * @param remainingSize    stored bytes of the test rows that the choice does not have
 * @param clusteredImages  names of the images in clusters
 */
public record DictionarySelection(
        List<ChunkRow> rows, long trainingSize, long testSize, long remainingSize, Set<String> clusteredImages) {
    private static final int MOST_ROUNDS = 7;
    private static final double FIRST_RADIUS = 0.5;
    private static final double LAST_RADIUS = 0.9;
    private static final double STEP = 0.05;
    /** Part of the images that must be in clusters for a round to count. */
    private static final double LEAST_CLUSTERED = 0.2;

    private static final double FIRST_THRESHOLD = 0.5;
    private static final double LAST_THRESHOLD = 0.8;
    /** Weight of the last tag against all before it. */
    private static final double ALPHA = 0.5;

    /** Chooses among all rows of a database. */
    public static DictionarySelection of(List<ChunkRow> rows) {
        List<List<Cluster>> rounds = imagePhase(rows);
        RowSplit split = RowSplit.of(rows);
        Map<String, Set<ChunkRow>> inClusters = new HashMap<>();
        List<ChunkRow> chosen = new ArrayList<>();
        Set<String> images = new LinkedHashSet<>();
        for (List<Cluster> round : rounds) {
            for (Cluster cluster : round) {
                chosen.addAll(cluster.rows());
                images.addAll(cluster.images());
                cluster.images()
                        .forEach(image -> inClusters
                                .computeIfAbsent(image, _ -> new HashSet<>())
                                .addAll(cluster.rows()));
            }
        }
        VersionPhase versions = versionPhase(split, inClusters);
        versions.dictionary.values().forEach(chosen::addAll);
        return new DictionarySelection(
                chosen, size(split.training()), size(split.test()), versions.remainingSize, images);
    }

    private static long size(List<ChunkRow> rows) {
        return rows.stream().mapToLong(ChunkRow::compressedSize).sum();
    }

    /** Returns the clusters of each round that counts. */
    static List<List<Cluster>> imagePhase(List<ChunkRow> rows) {
        RowSplit split = RowSplit.of(rows);
        List<ChunkRow> training = new ArrayList<>(split.training());
        List<ChunkRow> test = new ArrayList<>(split.test());
        List<List<Cluster>> rounds = new ArrayList<>();
        while (rounds.size() < MOST_ROUNDS) {
            List<ImagePoint> points = ImagePoint.of(training);
            ImageClusters clusters = new ImageClusters(points);
            List<Cluster> best = List.of();
            long least = Long.MAX_VALUE;
            for (double radius = FIRST_RADIUS; radius <= LAST_RADIUS; radius += STEP) {
                clusters.grow(radius);
                List<Cluster> found = clusters.clusters();
                long cost = cost(test, found);
                if (cost <= least) {
                    least = cost;
                    best = found;
                }
            }
            Set<String> taken = new HashSet<>();
            best.forEach(cluster -> cluster.rows().forEach(row -> taken.add(row.digest())));
            training.removeIf(row -> taken.contains(row.digest()));
            test.removeIf(row -> taken.contains(row.digest()));
            // Without points this is no number, which ends nothing: such rounds count.
            if (clusters.clusteredPoints() / (double) points.size() < LEAST_CLUSTERED) {
                break;
            }
            rounds.add(best);
        }
        return rounds;
    }

    /** Returns the stored bytes of the rows that no cluster has. Rows of other tags count as others, as with the reference. */
    private static long cost(List<ChunkRow> test, List<Cluster> clusters) {
        Set<ChunkRow> have = new HashSet<>();
        clusters.forEach(cluster -> have.addAll(cluster.rows()));
        return test.stream()
                .filter(row -> !have.contains(row))
                .mapToLong(ChunkRow::compressedSize)
                .sum();
    }

    private record VersionPhase(Map<String, List<ChunkRow>> dictionary, long remainingSize) {}

    private static VersionPhase versionPhase(RowSplit split, Map<String, Set<ChunkRow>> inClusters) {
        Map<String, List<ChunkRow>> training = new TreeMap<>();
        for (ImagePoint point : ImagePoint.of(split.training())) {
            Set<ChunkRow> taken = inClusters.getOrDefault(point.image(), Set.of());
            training.put(
                    point.image(),
                    point.rows().stream().filter(row -> !taken.contains(row)).toList());
        }
        VersionPhase best = new VersionPhase(Map.of(), Long.MAX_VALUE);
        for (double threshold = FIRST_THRESHOLD; threshold <= LAST_THRESHOLD; threshold += STEP) {
            Map<String, List<ChunkRow>> dictionary = new TreeMap<>();
            Map<String, Set<String>> digests = new HashMap<>();
            for (Map.Entry<String, List<ChunkRow>> image : training.entrySet()) {
                List<ChunkRow> lasting = smoothed(image.getValue(), threshold);
                dictionary.put(image.getKey(), lasting);
                Set<String> ofImage = new HashSet<>();
                lasting.forEach(row -> ofImage.add(row.digest()));
                digests.put(image.getKey(), ofImage);
            }
            long remaining = split.test().stream()
                    .filter(row -> !digests.getOrDefault(row.image(), Set.of()).contains(row.digest()))
                    .mapToLong(ChunkRow::compressedSize)
                    .sum();
            if (remaining <= best.remainingSize) {
                best = new VersionPhase(dictionary, remaining);
            }
        }
        return best;
    }

    /**
     * Returns the rows whose score is above the threshold, one for each digest, by digest. A row's score is half that of the row before
     * it, and half for being in the tag before.
     */
    static List<ChunkRow> smoothed(List<ChunkRow> rows, double threshold) {
        Map<String, ChunkRow> chosen = new TreeMap<>();
        Set<String> before = new HashSet<>();
        Set<String> current = new HashSet<>();
        double score = 0;
        for (int i = 0; i < rows.size(); i++) {
            ChunkRow row = rows.get(i);
            if (row.tag().equals(rows.getFirst().tag())) {
                score = 0;
            } else {
                if (!rows.get(i - 1).tag().equals(row.tag())) {
                    before = current;
                    current = new HashSet<>();
                }
                score = ALPHA * (before.contains(row.digest()) ? 1 : 0) + (1 - ALPHA) * score;
            }
            current.add(row.digest());
            if (score > threshold) {
                chosen.putIfAbsent(row.digest(), row);
            }
        }
        return List.copyOf(chosen.values());
    }
}
