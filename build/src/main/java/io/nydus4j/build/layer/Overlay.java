package io.nydus4j.build.layer;

import io.nydus4j.build.layer.Whiteouts.Kind;
import io.nydus4j.rafs.tree.ImageTree;
import io.nydus4j.rafs.tree.Node;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Lays the tree of a layer over the tree of what is below it. Mirrors {@code Tree::merge_overaly} of the reference.
 *
 * <p>A directory over a directory takes its attributes from the upper one and has the names of both; anything else hides what is below.
 * Whiteouts of the upper layer remove names of the lower tree and vanish themselves, wherever they are. The lower tree is not looked
 * through for whiteouts: in the lowest layer they are names like others.
 *
 * <p>Takes time in proportion to the upper tree and the directories of the lower one that it touches.
 */
public final class Overlay {
    private final WhiteoutSpec spec;
    /** Pairs still to be done: directories of the upper tree, and the names below each. */
    private final List<Node> pending = new ArrayList<>();

    private final List<List<Node>> pendingBelow = new ArrayList<>();

    private Overlay(WhiteoutSpec spec) {
        this.spec = spec;
    }

    /**
     * Returns one tree of two, whose nodes it takes over.
     *
     * @param lower what is below; not to be used afterwards
     * @param upper the layer; becomes the result
     * @param spec  how the layer says what it removes
     * @return {@code upper}, not numbered
     */
    public static ImageTree apply(ImageTree lower, ImageTree upper, WhiteoutSpec spec) {
        Overlay overlay = new Overlay(spec);
        overlay.add(upper.root(), lower.root().children());
        overlay.run();
        return upper;
    }

    private void add(Node directory, List<Node> below) {
        pending.add(directory);
        pendingBelow.add(below);
    }

    private void run() {
        // An explicit stack, for directories may be deeper than a thread's stack.
        while (!pending.isEmpty()) {
            lay(pending.removeLast(), pendingBelow.removeLast());
        }
    }

    /** Gives a directory of the upper tree the names that remain of those below it. */
    private void lay(Node directory, List<Node> below) {
        List<Node> upper = new ArrayList<>(directory.children().size());
        List<byte[]> victims = new ArrayList<>();
        boolean opaque = false;
        for (Node child : directory.children()) {
            switch (Whiteouts.kind(child, spec)) {
                case NONE, OPAQUE_DIRECTORY -> upper.add(child);
                case REMOVAL -> victims.add(Whiteouts.victim(child, spec));
                case OPAQUE_PARENT -> opaque = true;
            }
        }
        List<Node> lower = opaque ? List.of() : without(below, victims);
        boolean changes =
                !lower.isEmpty() || upper.size() != directory.children().size();
        List<Node> merged = merge(lower, upper);
        if (changes) {
            directory.setSortedChildren(merged);
        }
    }

    /** Returns the nodes whose names are not among {@code victims}; both are sorted. */
    private static List<Node> without(List<Node> nodes, List<byte[]> victims) {
        if (nodes.isEmpty() || victims.isEmpty()) {
            return nodes;
        }
        List<Node> rest = new ArrayList<>(nodes.size());
        int next = 0;
        for (byte[] victim : victims) {
            int position = position(nodes, next, victim);
            rest.addAll(nodes.subList(next, position));
            next = isNamed(nodes, position, victim) ? position + 1 : position;
        }
        rest.addAll(nodes.subList(next, nodes.size()));
        return rest;
    }

    /** Returns all upper nodes and those lower ones whose names are not among them, sorted as both are. */
    private List<Node> merge(List<Node> lower, List<Node> upper) {
        if (lower.isEmpty()) {
            upper.forEach(node -> cover(node, null));
            return upper;
        }
        List<Node> merged = new ArrayList<>(lower.size() + upper.size());
        int next = 0;
        for (Node node : upper) {
            int position = position(lower, next, node.name());
            if (position > next) {
                merged.addAll(lower.subList(next, position));
                next = position;
            }
            cover(node, isNamed(lower, position, node.name()) ? lower.get(next++) : null);
            merged.add(node);
        }
        merged.addAll(lower.subList(next, lower.size()));
        return merged;
    }

    private static boolean isNamed(List<Node> nodes, int position, byte[] name) {
        return position < nodes.size() && Arrays.equals(nodes.get(position).name(), name);
    }

    /**
     * Returns the position of the first node from {@code start} on whose name is not less than {@code name}. Takes time in proportion
     * to the logarithm of how far it is away, for layers mostly are small beside what is below.
     */
    private static int position(List<Node> nodes, int start, byte[] name) {
        int low = start;
        int step = 1;
        int high = start;
        while (high < nodes.size() && Arrays.compareUnsigned(nodes.get(high).name(), name) < 0) {
            low = high + 1;
            high = (int) Math.min(nodes.size(), (long) high + step);
            step <<= 1;
        }
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (Arrays.compareUnsigned(nodes.get(middle).name(), name) < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** Plans what is below an upper directory. */
    private void cover(Node upper, @Nullable Node lower) {
        if (!upper.isDirectory()) {
            return;
        }
        List<Node> below = lower == null ? List.of() : lower.children();
        if (Whiteouts.kind(upper, spec) == Kind.OPAQUE_DIRECTORY) {
            Whiteouts.unmark(upper);
            below = List.of();
        }
        add(upper, below);
    }
}
