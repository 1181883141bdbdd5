package io.nydus4j.rafs.tree;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The tree of an image under construction, and its numbering.
 *
 * <p>Both formats count names in the same order: the root is 1; the children of a directory get consecutive numbers in name order;
 * then each child directory is done, in name order. Mirrors the tree building of the reference. Not safe for use by several threads.
 */
public final class ImageTree {
    private final Node root;
    /** The nodes by index - 1, in numbering order; empty before numbering. */
    private List<Node> nodes = List.of();

    private int inodeCount;

    /** Makes a tree of {@code root} and all below it. */
    public ImageTree(Node root) {
        this.root = root;
    }

    /** Returns the root directory. */
    public Node root() {
        return root;
    }

    /**
     * Gives every name its index, every file its inode number and link count. To be called when the tree is complete; may be called
     * again after a change.
     *
     * <p>Regular files with one {@link SourceId} are one file, unless the source says that a name is
     * {@linkplain Node#onlyName() the only one}: they share the number of the first and the count of all. Directories
     * have two links and one for each child directory; everything else has one.
     */
    public void number() {
        List<Node> order = new ArrayList<>(Math.max(nodes.size(), 16));
        FirstNames firsts = new FirstNames();
        inodeCount = 1;
        root.setIndex(1);
        root.setIno(1);
        order.add(root);
        // An explicit stack, for directories may be deeper than a thread's stack.
        List<Node> pending = new ArrayList<>();
        pending.add(root);
        while (!pending.isEmpty()) {
            Node directory = pending.removeLast();
            List<Node> children = directory.children();
            int directories = 0;
            for (Node child : children) {
                order.add(child);
                child.setIndex(order.size());
                numberInode(child, firsts);
                if (child.isDirectory()) {
                    directories++;
                }
            }
            directory.setLinkCount(2 + directories);
            for (int i = children.size() - 1; i >= 0; i--) {
                if (children.get(i).isDirectory()) {
                    pending.add(children.get(i));
                }
            }
        }
        for (Node node : order) {
            if (node.ino() != node.index()) {
                node.setLinkCount(order.get(node.ino() - 1).linkCount());
            }
        }
        nodes = order;
    }

    private void numberInode(Node node, FirstNames firsts) {
        node.setIno(node.index());
        node.setLinkCount(1);
        Node first = node.isRegular() && !node.onlyName() ? firsts.putIfAbsent(node) : null;
        if (first == null) {
            inodeCount++;
        } else {
            node.setIno(first.ino());
            first.setLinkCount(first.linkCount() + 1);
        }
    }

    /** Returns all nodes in numbering order: the one with index {@code i} is at {@code i - 1}. Empty before {@link #number()}. */
    public List<Node> nodes() {
        return nodes;
    }

    /** Returns the number of distinct inodes. */
    public int inodeCount() {
        return inodeCount;
    }

    /** Visits all nodes depth first, a directory before its children, children in name order. */
    public void preOrder(Consumer<Node> visitor) {
        List<Node> pending = new ArrayList<>();
        pending.add(root);
        while (!pending.isEmpty()) {
            Node node = pending.removeLast();
            visitor.accept(node);
            List<Node> children = node.children();
            for (int i = children.size() - 1; i >= 0; i--) {
                pending.add(children.get(i));
            }
        }
    }
}
