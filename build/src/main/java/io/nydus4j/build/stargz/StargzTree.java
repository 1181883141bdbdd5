package io.nydus4j.build.stargz;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.build.source.ImpliedDirectories;
import io.nydus4j.rafs.FileMode;
import io.nydus4j.rafs.tree.Node;
import io.nydus4j.rafs.tree.SourceId;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The names that a table of contents tells of, put into a tree entry by entry. Mirrors {@code StargzTreeBuilder} of the reference.
 *
 * <p>Of several entries for a path the last one wins; a directory in place of a directory keeps what is in it. Directories that are only
 * named in paths are made up. Not safe for use by several threads.
 */
final class StargzTree {
    private static final int MADE_UP_MODE = FileMode.DIRECTORY | 0755;
    private static final int NO_DEVICE = -1;
    private static final int MAX_LINK_TARGET = 65_535;

    private final NodeAttributes attributes;
    private StargzName root;
    private long numbers;
    private final ImpliedDirectories madeUp = new ImpliedDirectories();

    /** Makes a tree of a made-up root. */
    StargzTree(NodeAttributes attributes) {
        this.attributes = attributes;
        root = StargzName.of(madeUpRoot());
    }

    private Node madeUpRoot() {
        Node node = Node.root(MADE_UP_MODE, nextId());
        node.setRdev(NO_DEVICE);
        return node;
    }

    private SourceId nextId() {
        return new SourceId(attributes.layer(), ++numbers, SourceId.NO_DEVICE);
    }

    /**
     * Puts an entry's name into the tree.
     *
     * @param entry not a chunk
     * @return the data of the file, without chunks; null if the entry is no regular file
     * @throws RafsFormatException if the entry breaks a rule
     */
    @Nullable
    StargzFile add(StargzEntry entry, StargzType type) throws RafsFormatException {
        List<String> path = StargzPath.components(entry.name(), entry.label());
        if (path.isEmpty()) {
            if (type != StargzType.DIRECTORY) {
                throw entry.broken("the root of the layer is not a directory");
            }
            StargzName replaced = root;
            root = StargzName.of(attributes.fill(Node.root(entry.fileMode(type), nextId()), entry, type));
            root.takeOver(replaced);
            return null;
        }
        String name = path.getLast();
        StargzName parent = parent(path, entry);
        Node node = new Node(name.getBytes(StandardCharsets.UTF_8), entry.fileMode(type), nextId());
        attributes.fill(node, entry, type);
        StargzFile file = type == StargzType.REGULAR ? new StargzFile(entry.label(), entry.size()) : null;
        parent.put(name, file != null ? StargzName.of(node, file) : nameOf(node, entry, type));
        return file;
    }

    private static StargzName nameOf(Node node, StargzEntry entry, StargzType type) throws RafsFormatException {
        if (type != StargzType.SYMLINK && type != StargzType.HARD_LINK) {
            return StargzName.of(node);
        }
        if (entry.linkName().isEmpty()) {
            throw entry.broken("stargz: empty link target");
        }
        if (type == StargzType.HARD_LINK) {
            node.setHardLinkFlag(true);
            return StargzName.ofLink(node, new LinkEntry(entry.label(), entry.linkName()));
        }
        byte[] target = entry.linkName().getBytes(StandardCharsets.UTF_8);
        if (target.length > MAX_LINK_TARGET) {
            throw entry.broken("symlink content size 0x" + Integer.toHexString(target.length) + " is too big");
        }
        node.setSymlinkTarget(target);
        return StargzName.of(node);
    }

    /** Finds the directory that a path lies in, and makes up what is missing of it. */
    private StargzName parent(List<String> path, StargzEntry entry) throws RafsFormatException {
        StargzName directory = root;
        for (String name : path.subList(0, path.size() - 1)) {
            StargzName next = directory.child(name);
            if (next == null) {
                next = makeUp(name, entry);
                directory.put(name, next);
            } else if (!next.isDirectory()) {
                throw entry.broken("its parent " + EntryLabel.printable(name) + " is not a directory");
            }
            directory = next;
        }
        return directory;
    }

    private StargzName makeUp(String name, StargzEntry entry) throws RafsFormatException {
        if (!madeUp.add()) {
            throw entry.broken(madeUp.problem());
        }
        Node node = new Node(name.getBytes(StandardCharsets.UTF_8), MADE_UP_MODE, nextId());
        node.setRdev(NO_DEVICE);
        return StargzName.of(node);
    }

    /**
     * Returns the name that an entry's path, or the path that it links to, stands for.
     *
     * @param label that of the entry, for the error
     * @return null if there is none
     */
    @Nullable
    StargzName find(String path, EntryLabel label) throws RafsFormatException {
        StargzName found = root;
        for (String name : StargzPath.components(path, label)) {
            found = found.child(name);
            if (found == null) {
                return null;
            }
        }
        return found;
    }

    /** Returns all names of the finished tree, directories before what is in them. */
    List<StargzName> names() {
        List<StargzName> names = new ArrayList<>();
        names.add(root);
        for (int i = 0; i < names.size(); i++) {
            names.addAll(names.get(i).children());
        }
        return names;
    }

    /** Joins the nodes; nothing may be added any more. */
    Node finish() {
        names().forEach(StargzName::seal);
        return root.node();
    }
}
