package io.nydus4j.build.stargz;

import io.nydus4j.rafs.tree.Node;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A name in the tree of a table of contents while it is read. */
final class StargzName {
    private final Node node;
    private final @Nullable LinkEntry link;
    private final @Nullable StargzFile file;
    /** By name; null for what never had children. */
    private @Nullable Map<String, StargzName> children;

    private StargzName(Node node, @Nullable LinkEntry link, @Nullable StargzFile file) {
        this.node = node;
        this.link = link;
        this.file = file;
    }

    /** Makes a directory, symbolic link, device or FIFO. */
    static StargzName of(Node node) {
        return new StargzName(node, null, null);
    }

    /** Makes a regular file. */
    static StargzName of(Node node, StargzFile file) {
        return new StargzName(node, null, file);
    }

    /** Makes a hard link; {@code link} tells to what. */
    static StargzName ofLink(Node node, LinkEntry link) {
        return new StargzName(node, link, null);
    }

    Node node() {
        return node;
    }

    /** Returns the entry of a hard link; null for everything else. */
    @Nullable
    LinkEntry link() {
        return link;
    }

    /** Returns the data of a regular file; null for everything else, hard links too. */
    @Nullable
    StargzFile file() {
        return file;
    }

    boolean isDirectory() {
        return node.isDirectory();
    }

    @Nullable
    StargzName child(String name) {
        return children == null ? null : children.get(name);
    }

    /** Puts a name in this directory, perhaps in place of another one. A directory in place of a directory takes over its children. */
    void put(String name, StargzName child) {
        if (children == null) {
            children = new HashMap<>();
        }
        StargzName replaced = children.put(name, child);
        if (replaced != null) {
            child.takeOver(replaced);
        }
    }

    /** Takes the children of the directory that this one replaces. */
    void takeOver(StargzName replaced) {
        if (isDirectory()) {
            children = replaced.children;
        }
    }

    /** Returns the names in this directory, in no order. */
    List<StargzName> children() {
        return children == null ? List.of() : List.copyOf(children.values());
    }

    /** Hands the children over to the node. */
    void seal() {
        if (children != null) {
            node.setChildren(children.values().stream().map(StargzName::node).toList());
        }
    }
}
