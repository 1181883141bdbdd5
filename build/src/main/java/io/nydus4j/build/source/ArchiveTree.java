package io.nydus4j.build.source;

import io.nydus4j.build.tar.TarEntry;
import io.nydus4j.build.tar.TarType;
import io.nydus4j.linux.RawBytes;
import io.nydus4j.linux.file.DeviceNumbers;
import io.nydus4j.rafs.FileMode;
import io.nydus4j.rafs.RafsVersion;
import io.nydus4j.rafs.tree.ImageTree;
import io.nydus4j.rafs.tree.Node;
import io.nydus4j.rafs.tree.SourceId;
import io.nydus4j.rafs.tree.Xattr;
import io.nydus4j.rafs.v5.V5Sizes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Makes the tree of an image from the members of an archive, in the order in which they come, whatever becomes of their data.
 *
 * <p>Mirrors the tar builder of the reference: directories that no member describes are made up; a later member of the same name replaces an
 * earlier one, a directory keeping its children; a hard link shares inode, data and xattrs of what it links to; the files that mark what
 * an eStargz archive holds are left out. Where the reference goes wrong this does what is meant: a member below a made-up directory
 * lands in it, hard links to anything but directories work, what replaces a directory takes its children away. A path that leads upwards,
 * or through what is no directory, is an error.
 *
 * <p>Not safe for use by several threads.
 */
public final class ArchiveTree {
    private static final int NO_DEVICE = -1;
    private static final int IMPLIED_MODE = FileMode.DIRECTORY | 0755;
    private static final int MAX_NAME = 255;
    private static final int MAX_TARGET = 0xFFFF;
    private static final int MAX_CHUNKS = 1 << 24;
    private static final Set<String> LANDMARKS =
            Set.of("stargz.index.json", ".prefetch.landmark", ".no.prefetch.landmark");

    /** Children from which on a directory whose names come in no order is kept aside. */
    private static final int LARGE = 1000;

    private final SourceRules rules;
    private final Node root;
    /** Children by name of large directories, which are sorted at the end. */
    private final IdentityHashMap<Node, Map<ByteBuffer, Node>> large = new IdentityHashMap<>();

    private final ImpliedDirectories implied = new ImpliedDirectories();
    private long numbers;

    /** Starts with a root that nothing describes. */
    public ArchiveTree(SourceRules rules) {
        this.rules = rules;
        this.root = Node.root(IMPLIED_MODE, nextId());
        root.setRdev(NO_DEVICE);
    }

    private SourceId nextId() {
        return new SourceId(rules.layer(), ++numbers, SourceId.NO_DEVICE);
    }

    /**
     * Adds a member.
     *
     * @return its node, in its place. A regular file gets its chunks from the caller before the next member comes, for a hard link to it
     *     shares their array. Empty if the member is left out
     * @throws IOException if the member cannot be part of an image; the message names it
     */
    public Optional<Node> add(TarEntry entry) throws IOException {
        ArchivePath path = ArchivePath.of(entry.name(), entry);
        if (path.isRoot()) {
            return Optional.of(describeRoot(entry));
        }
        if (path.length() == 1 && LANDMARKS.contains(new String(path.last(), StandardCharsets.ISO_8859_1))) {
            return Optional.empty();
        }
        if (entry.type() == TarType.HARD_LINK) {
            return Optional.of(link(entry, path));
        }
        SourceId id = nextId();
        Node present = find(path);
        if (present != null && present.isDirectory() && entry.type() == TarType.DIRECTORY) {
            present.setSourceId(id);
            describe(present, entry);
            return Optional.of(present);
        }
        Node node = new Node(path.last(), mode(entry), id);
        describe(node, entry);
        put(parent(entry, path), node);
        return Optional.of(node);
    }

    private Node describeRoot(TarEntry entry) throws IOException {
        if (entry.type() != TarType.DIRECTORY) {
            throw broken(entry, "the root is no directory");
        }
        root.setSourceId(nextId());
        describe(root, entry);
        return root;
    }

    private void describe(Node node, TarEntry entry) throws IOException {
        setAttributes(node, entry);
        node.setXattrs(checkedXattrs(entry));
        switch (entry.type()) {
            case REGULAR -> setSize(node, entry);
            case SYMLINK -> {
                if (entry.linkName().length == 0) {
                    throw broken(entry, "failed to get symlink target: it is empty");
                }
                if (entry.linkName().length > MAX_TARGET) {
                    throw broken(entry, "symlink content size " + entry.linkName().length + " is too big");
                }
                node.setSymlinkTarget(entry.linkName());
            }
            case CHARACTER_DEVICE, BLOCK_DEVICE, FIFO ->
                node.setRdev((int) DeviceNumbers.of(entry.deviceMajor(), entry.deviceMinor()));
            case DIRECTORY, HARD_LINK, PAX -> {}
        }
    }

    private void setAttributes(Node node, TarEntry entry) {
        node.setMode(FileMode.type(node.mode()) | entry.mode());
        if (rules.explicitUidGid()) {
            node.setOwner(entry.uid(), entry.gid());
        }
        node.setMtime(entry.mtimeSeconds(), entry.mtimeNanos());
        node.setRdev(NO_DEVICE);
    }

    private static int mode(TarEntry entry) {
        int type = switch (entry.type()) {
            case REGULAR, HARD_LINK, PAX -> FileMode.REGULAR;
            case SYMLINK -> FileMode.SYMLINK;
            case CHARACTER_DEVICE -> FileMode.CHARACTER_DEVICE;
            case BLOCK_DEVICE -> FileMode.BLOCK_DEVICE;
            case DIRECTORY -> FileMode.DIRECTORY;
            case FIFO -> FileMode.FIFO;
        };
        return type | entry.mode();
    }

    private static List<Xattr> checkedXattrs(TarEntry entry) throws IOException {
        for (Xattr xattr : entry.xattrs()) {
            if (!XattrRules.isAllowed(xattr.name())) {
                throw broken(entry, "invalid xattr key " + RawBytes.printable(xattr.name()));
            }
            if (!XattrRules.fits(xattr.name(), xattr.value())) {
                throw broken(entry, "xattr key/value is too big: " + RawBytes.printable(xattr.name()));
            }
        }
        return entry.xattrs();
    }

    private void setSize(Node node, TarEntry entry) throws IOException {
        int count = rules.chunkCount(entry.size());
        if (count < 0 || count > MAX_CHUNKS) {
            throw broken(entry, "file size 0x" + Long.toHexString(entry.size()) + " is too big");
        }
        node.setSize(entry.size());
    }

    private Node link(TarEntry entry, ArchivePath path) throws IOException {
        ArchivePath targetPath = ArchivePath.of(entry.linkName(), entry);
        Node target = find(targetPath);
        if (target == null) {
            throw broken(entry, "unknown target " + RawBytes.printable(entry.linkName()) + " for hardlink");
        }
        if (target.isDirectory()) {
            throw broken(entry, "target " + RawBytes.printable(entry.linkName()) + " for hardlink is a directory");
        }
        Node node = new Node(path.last(), FileMode.type(target.mode()) | entry.mode(), target.sourceId());
        setAttributes(node, entry);
        byte[] symlinkTarget = target.symlinkTarget();
        if (symlinkTarget != null) {
            node.setSymlinkTarget(symlinkTarget);
        }
        node.setRdev(target.rdev());
        node.setSize(target.size());
        node.setChunks(target.chunks());
        node.setXattrsInOrder(target.xattrs());
        target.setHardLinkFlag(true);
        node.setHardLinkFlag(true);
        put(parent(entry, path), node);
        return node;
    }

    private @Nullable Node find(ArchivePath path) {
        Node node = root;
        for (int i = 0; node != null && i < path.length(); i++) {
            node = child(node, path.component(i));
        }
        return node;
    }

    private @Nullable Node child(Node directory, byte[] name) {
        Map<ByteBuffer, Node> children = large.get(directory);
        return children == null ? directory.child(name) : children.get(ByteBuffer.wrap(name));
    }

    /** Adds a child to a directory, in place of what has its name. */
    private void put(Node directory, Node child) {
        Map<ByteBuffer, Node> children = large.get(directory);
        if (children != null) {
            directory.adopt(child);
            large.remove(children.put(ByteBuffer.wrap(child.name()), child));
            return;
        }
        large.remove(directory.put(child));
        List<Node> all = directory.children();
        if (all.size() >= LARGE && all.getLast() != child) {
            // To move half of them for each that comes would take too long.
            children = new HashMap<>();
            for (Node node : all) {
                children.put(ByteBuffer.wrap(node.name()), node);
            }
            large.put(directory, children);
        }
    }

    /** Returns the directory that holds {@code path}; makes up what is missing of it. */
    private Node parent(TarEntry entry, ArchivePath path) throws IOException {
        Node directory = root;
        for (int i = 0; i < path.length() - 1; i++) {
            Node next = child(directory, path.component(i));
            if (next == null) {
                if (!implied.add()) {
                    throw broken(entry, implied.problem());
                }
                next = new Node(path.component(i), IMPLIED_MODE, nextId());
                next.setRdev(NO_DEVICE);
                put(directory, next);
            } else if (!next.isDirectory()) {
                throw broken(entry, RawBytes.printable(next.path()) + " is no directory");
            }
            directory = next;
        }
        return directory;
    }

    /** Returns the tree of all members, not numbered yet. To be called once, when no more come. */
    public ImageTree finish() {
        large.forEach((directory, children) -> directory.setChildren(new ArrayList<>(children.values())));
        large.clear();
        ImageTree tree = new ImageTree(root);
        if (rules.version() == RafsVersion.V5) {
            V5Sizes.compute(tree);
        }
        return tree;
    }

    private static IOException broken(TarEntry entry, String problem) {
        return new IOException("tar entry " + RawBytes.printable(entry.name()) + ": " + problem);
    }

    /** The components of a path in an archive, without those that lead nowhere. */
    private record ArchivePath(List<byte[]> components) {
        static ArchivePath of(byte[] path, TarEntry entry) throws IOException {
            List<byte[]> components = new ArrayList<>();
            int start = 0;
            for (int i = 0; i <= path.length; i++) {
                if (i < path.length && path[i] != '/') {
                    continue;
                }
                int length = i - start;
                boolean dots = length == 2 && path[start] == '.' && path[start + 1] == '.';
                if (dots) {
                    throw broken(entry, "the path " + RawBytes.printable(path) + " leads upwards");
                }
                if (length > MAX_NAME) {
                    throw broken(entry, "a name of " + length + " bytes is longer than " + MAX_NAME);
                }
                if (length > 1 || length == 1 && path[start] != '.') {
                    components.add(Arrays.copyOfRange(path, start, i));
                }
                start = i + 1;
            }
            return new ArchivePath(components);
        }

        boolean isRoot() {
            return components.isEmpty();
        }

        int length() {
            return components.size();
        }

        byte[] component(int index) {
            return components.get(index);
        }

        byte[] last() {
            return components.getLast();
        }
    }
}
