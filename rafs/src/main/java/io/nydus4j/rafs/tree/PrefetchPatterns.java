package io.nydus4j.rafs.tree;

import io.nydus4j.rafs.RafsPaths;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The paths that a build was told to prefetch, in their order. Mirrors {@code Prefetch} of the reference. Immutable.
 *
 * @param patterns absolute paths without needless slashes, none equal to or below an earlier one
 * @param warnings what is to be said of the lines that were left out
 */
public record PrefetchPatterns(List<byte[]> patterns, List<String> warnings) {
    /** No patterns: everything is "other". */
    public static final PrefetchPatterns NONE = new PrefetchPatterns(List.of(), List.of());

    /** Makes patterns; both lists are copied. */
    public PrefetchPatterns {
        patterns = List.copyOf(patterns);
        warnings = List.copyOf(warnings);
    }

    /**
     * How the nodes of a tree fall.
     *
     * @param prefetch   regular files with content that a pattern takes, by the pattern's position, then in numbering order
     * @param others     all other nodes in numbering order
     * @param tableNodes the nodes that patterns name exactly, in the order of the patterns
     */
    public record Selection(List<Node> prefetch, List<Node> others, List<Node> tableNodes) {}

    /**
     * Reads patterns, one a line.
     *
     * @param text lines of bytes; white space around them does not count
     */
    public static PrefetchPatterns parse(byte[] text) {
        // The directories and files of the patterns so far; a null value is inside of the tree of a pattern.
        PatternNode root = new PatternNode();
        List<byte[]> patterns = new ArrayList<>();
        List<String> warnings = new ArrayList<>();
        int start = 0;
        while (start < text.length) {
            int end = start;
            while (end < text.length && text[end] != '\n') {
                end++;
            }
            byte[] line = trim(text, start, end);
            if (line.length == 0 || line[0] != '/') {
                warnings.add("Illegal file path " + text(line) + " specified, should be absolute path");
            } else {
                List<byte[]> components = RafsPaths.components(line);
                if (root.add(components)) {
                    patterns.add(RafsPaths.join(components));
                } else {
                    warnings.add("prefetch pattern " + text(line) + " is covered by previous pattern and thus omitted");
                }
            }
            start = end + 1;
        }
        return new PrefetchPatterns(patterns, warnings);
    }

    /** A name in the tree of patterns. */
    private static final class PatternNode {
        private final Map<String, PatternNode> children = new HashMap<>();
        private boolean pattern;

        /** Adds a pattern unless it or something above it is there. */
        boolean add(List<byte[]> components) {
            PatternNode node = this;
            if (node.pattern) {
                return false;
            }
            for (byte[] component : components) {
                // Any one-to-one text will do as a key.
                String key = new String(component, StandardCharsets.ISO_8859_1);
                node = node.children.computeIfAbsent(key, name -> new PatternNode());
                if (node.pattern) {
                    return false;
                }
            }
            node.pattern = true;
            return true;
        }
    }

    private static byte[] trim(byte[] text, int from, int to) {
        int start = from;
        int end = to;
        while (start < end && isSpace(text[start])) {
            start++;
        }
        while (end > start && isSpace(text[end - 1])) {
            end--;
        }
        return Arrays.copyOfRange(text, start, end);
    }

    private static boolean isSpace(byte letter) {
        return letter == ' ' || (letter >= '\t' && letter <= '\r');
    }

    private static String text(byte[] line) {
        return new String(line, StandardCharsets.UTF_8);
    }

    /**
     * Sorts the nodes of a tree into those to prefetch and others.
     *
     * <p>For each node the deepest of its path and its ancestors' that is a pattern decides. Only regular files with content are
     * prefetched; the table lists anything but an empty regular file.
     *
     * @param tree a numbered tree
     */
    public Selection select(ImageTree tree) {
        IdentityHashMap<Node, Integer> exact = exactNodes(tree);
        List<Node> nodes = tree.nodes();
        // Patterns by index, as position + 1; a directory comes before its children.
        int[] matches = new int[nodes.size()];
        List<List<Node>> prefetch = new ArrayList<>();
        patterns.forEach(pattern -> prefetch.add(new ArrayList<>()));
        @Nullable Node[] table = new Node[patterns.size()];
        List<Node> others = new ArrayList<>();
        for (int i = 0; i < matches.length; i++) {
            Node node = nodes.get(i);
            Node parent = node.parent();
            Integer position = exact.get(node);
            matches[i] = position != null ? position + 1 : parent == null ? 0 : matches[parent.index() - 1];
            if (node.isRegular() && node.size() == 0) {
                others.add(node);
                continue;
            }
            if (position != null) {
                table[position] = node;
            }
            (node.isRegular() && matches[i] != 0 ? prefetch.get(matches[i] - 1) : others).add(node);
        }
        List<Node> tableNodes = new ArrayList<>();
        for (Node node : table) {
            if (node != null) {
                tableNodes.add(node);
            }
        }
        List<Node> ordered = new ArrayList<>();
        prefetch.forEach(ordered::addAll);
        return new Selection(
                Collections.unmodifiableList(ordered),
                Collections.unmodifiableList(others),
                Collections.unmodifiableList(tableNodes));
    }

    /** Returns the nodes that patterns name, with the positions of these. */
    private IdentityHashMap<Node, Integer> exactNodes(ImageTree tree) {
        IdentityHashMap<Node, Integer> exact = new IdentityHashMap<>();
        for (int i = 0; i < patterns.size(); i++) {
            Node node = tree.root();
            for (byte[] component : RafsPaths.components(patterns.get(i))) {
                node = node == null ? null : node.child(component);
            }
            if (node != null && node.index() != 0) {
                exact.put(node, i);
            }
        }
        return exact;
    }
}
