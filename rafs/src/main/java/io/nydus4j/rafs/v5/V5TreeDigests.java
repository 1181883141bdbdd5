package io.nydus4j.rafs.v5;

import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.DigestAlgorithm;
import io.nydus4j.rafs.tree.Node;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Computes the digests of all directories of a tree, and of the other nodes that have none yet. */
final class V5TreeDigests {
    /** How many nodes a thread takes at once. */
    private static final int PART = 4096;

    private final List<Node> nodes;
    private final DigestAlgorithm algorithm;
    private final AtomicInteger next = new AtomicInteger();
    /** Directories of directories; guarded by itself. */
    private final List<Node> others = new ArrayList<>();

    /**
     * Takes a tree.
     *
     * @param nodes all nodes in numbering order
     */
    V5TreeDigests(List<Node> nodes, DigestAlgorithm algorithm) {
        this.nodes = nodes;
        this.algorithm = algorithm;
    }

    /** Digests what needs no digest of a directory, which most directories are; several threads may do so at the same time. */
    void addIndependent() {
        InodeDigester digester = new InodeDigester(algorithm);
        for (int from = next.getAndAdd(PART); from < nodes.size(); from = next.getAndAdd(PART)) {
            for (int i = from; i < Math.min(from + PART, nodes.size()); i++) {
                Node node = nodes.get(i);
                if (node.isDirectory()) {
                    addBelow(node, digester);
                }
            }
        }
    }

    /** Digests what is in a directory and is none, and the directory if all that is in it is so. */
    private void addBelow(Node directory, InodeDigester digester) {
        for (Node child : directory.children()) {
            if (!child.isDirectory() && child.digest().isZero()) {
                digest(child, digester);
            }
        }
        // Numbering has counted a link for each directory that is a child, beside the two that each has.
        if (directory.linkCount() == 2) {
            digest(directory, digester);
        } else {
            synchronized (others) {
                others.add(directory);
            }
        }
    }

    /** Digests the other directories; to be called when all threads have returned from {@link #addIndependent}. */
    void addOthers() {
        InodeDigester digester = new InodeDigester(algorithm);
        synchronized (others) {
            // Children have larger indexes than their directory.
            others.sort(Comparator.comparingInt(Node::index).reversed());
            others.forEach(directory -> digest(directory, digester));
        }
    }

    private static void digest(Node node, InodeDigester digester) {
        if (node.isDirectory()) {
            for (Node child : node.children()) {
                digester.add(child.digest());
            }
        }
        for (ChunkRecord chunk : node.chunks()) {
            digester.add(chunk.digest());
        }
        byte[] target = node.symlinkTarget();
        if (target != null) {
            digester.addTarget(MemorySegment.ofArray(target));
        }
        node.setDigest(digester.finish());
    }
}
