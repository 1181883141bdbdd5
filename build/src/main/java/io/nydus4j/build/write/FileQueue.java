package io.nydus4j.build.write;

import io.nydus4j.rafs.tree.Node;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The files of an image in the order in which their data is stored, cut into tasks. A file with several names is stored under the first
 * of them in this order; the other names take over its chunks at the end. Not safe for use by several threads.
 */
final class FileQueue {
    private record OtherName(Node node, Node stored) {}

    private final List<Node> files = new ArrayList<>();
    private final List<OtherName> otherNames = new ArrayList<>();
    private final int chunkSize;
    private int prefetchFiles;
    private long totalBytes;

    private int next;
    private int nextChunk;

    FileQueue(int chunkSize) {
        this.chunkSize = chunkSize;
    }

    /**
     * Appends the files among {@code prefetch} and {@code others}; everything else is passed over.
     *
     * @throws IOException if two names of a file differ in size, so that it was changed during the build
     */
    void add(List<Node> prefetch, List<Node> others) throws IOException {
        Map<Integer, Node> firsts = new HashMap<>();
        for (Node node : prefetch) {
            add(node, firsts);
        }
        prefetchFiles = files.size();
        for (Node node : others) {
            add(node, firsts);
        }
    }

    private void add(Node node, Map<Integer, Node> firsts) throws IOException {
        if (!node.isRegular() || node.lower()) {
            return;
        }
        // An empty file may have another name that was looked at when it was not empty.
        Node first = node.linkCount() > 1 ? firsts.putIfAbsent(node.ino(), node) : null;
        if (first != null && first.size() != node.size()) {
            throw new IOException("\"" + node + "\": its size changed during the build");
        }
        if (node.chunks().length == 0) {
            return;
        }
        if (first == null) {
            files.add(node);
            totalBytes += node.size();
        } else {
            otherNames.add(new OtherName(node, first));
        }
    }

    /** Returns the number of plain bytes of all files, each counted once. */
    long totalBytes() {
        return totalBytes;
    }

    /**
     * Fills an empty task with the next stretch.
     *
     * @return false if there is nothing left
     */
    boolean fill(ChunkTask task) {
        int count = 0;
        while (next < files.size() && count < ChunkStore.MOST_PIECES) {
            Node file = files.get(next);
            long left = file.size() - (long) nextChunk * chunkSize;
            // Whole chunks, or all that is left.
            int length = left <= task.room() ? (int) left : task.room() / chunkSize * chunkSize;
            if (length == 0) {
                break;
            }
            task.addPiece(file, nextChunk, length, chunkSize, next < prefetchFiles);
            count++;
            if (length == left) {
                next++;
                nextChunk = 0;
            } else {
                nextChunk += length / chunkSize;
            }
        }
        return count > 0;
    }

    /** Gives the other names of each file its chunks, when all are stored. */
    void finish() {
        for (OtherName name : otherNames) {
            name.node().setChunks(name.stored().chunks());
        }
    }
}
