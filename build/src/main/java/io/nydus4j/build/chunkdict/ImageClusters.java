package io.nydus4j.build.chunkdict;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Groups images that have much in common: DBSCAN with the distance of {@link ImagePoint}. A point that was once visited or put into a
 * cluster stays so when the radius grows, as with the reference. Not safe for use by several threads.
 */
final class ImageClusters {
    private static final int LEAST_NEIGHBOURS = 10;
    /** Part of a cluster's images that must have a chunk. */
    private static final double COMMON = 0.9;

    private final List<ImagePoint> points;
    /** Distances by two indexes, where they are known. */
    private final double[][] distances;

    private final boolean[][] known;

    /**
     * What the images of a cluster have in common.
     *
     * @param images names of its images
     * @param rows   the first row of each chunk that nearly all of them have
     */
    record Cluster(List<String> images, List<ChunkRow> rows) {}

    ImageClusters(List<ImagePoint> points) {
        this.points = points;
        this.distances = new double[points.size()][points.size()];
        this.known = new boolean[points.size()][points.size()];
    }

    private double distance(int a, int b) {
        if (!known[a][b]) {
            distances[a][b] = points.get(a).distance(points.get(b));
            known[a][b] = true;
        }
        return distances[a][b];
    }

    private List<Integer> neighbours(int point, double radius) {
        List<Integer> neighbours = new ArrayList<>();
        for (int j = 0; j < points.size(); j++) {
            if (!points.get(j).visited && distance(point, j) <= radius) {
                neighbours.add(j);
            }
        }
        return neighbours;
    }

    /** Clusters what is in no cluster yet. Numbers of clusters start at 1 each time. */
    void grow(double radius) {
        int cluster = 1;
        for (int i = 0; i < points.size(); i++) {
            ImagePoint point = points.get(i);
            if (!point.visited && !point.isClustered() && neighbours(i, radius).size() >= LEAST_NEIGHBOURS) {
                expand(i, cluster, radius);
                cluster++;
            }
        }
    }

    private void expand(int seed, int cluster, double radius) {
        points.get(seed).cluster = cluster;
        Deque<Integer> stack = new ArrayDeque<>(List.of(seed));
        while (!stack.isEmpty()) {
            int q = stack.pop();
            if (points.get(q).visited) {
                continue;
            }
            points.get(q).visited = true;
            List<Integer> neighbours = neighbours(q, radius);
            if (neighbours.size() >= LEAST_NEIGHBOURS) {
                for (int neighbour : neighbours) {
                    stack.push(neighbour);
                    if (!points.get(neighbour).isClustered()) {
                        points.get(neighbour).cluster = cluster;
                    }
                }
            }
        }
    }

    /** Returns the number of points in clusters. */
    long clusteredPoints() {
        return points.stream().filter(ImagePoint::isClustered).count();
    }

    /** Returns the clusters. */
    List<Cluster> clusters() {
        Map<Integer, List<ImagePoint>> members = new TreeMap<>();
        for (ImagePoint point : points) {
            if (point.isClustered()) {
                members.computeIfAbsent(point.cluster, _ -> new ArrayList<>()).add(point);
            }
        }
        return members.values().stream().map(ImageClusters::common).toList();
    }

    private static Cluster common(List<ImagePoint> members) {
        Map<String, Integer> counts = new HashMap<>();
        for (ImagePoint point : members) {
            Set<String> digests = new HashSet<>();
            point.rows().forEach(row -> digests.add(row.digest()));
            digests.forEach(digest -> counts.merge(digest, 1, Integer::sum));
        }
        Set<String> added = new HashSet<>();
        List<ChunkRow> rows = new ArrayList<>();
        for (ImagePoint point : members) {
            for (ChunkRow row : point.rows()) {
                double part = counts.getOrDefault(row.digest(), 0) / (double) members.size();
                if (part >= COMMON && added.add(row.digest())) {
                    rows.add(row);
                }
            }
        }
        return new Cluster(members.stream().map(ImagePoint::image).toList(), rows);
    }
}
