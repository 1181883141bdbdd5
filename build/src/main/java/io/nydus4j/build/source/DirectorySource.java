package io.nydus4j.build.source;

import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.RawBytes;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.DirectoryEntry;
import io.nydus4j.linux.file.DirectoryListing;
import io.nydus4j.linux.file.FileStatus;
import io.nydus4j.linux.file.OpenFlags;
import io.nydus4j.linux.file.PosixFiles;
import io.nydus4j.linux.file.Xattrs;
import io.nydus4j.rafs.RafsVersion;
import io.nydus4j.rafs.tree.ImageTree;
import io.nydus4j.rafs.tree.Node;
import io.nydus4j.rafs.tree.SourceId;
import io.nydus4j.rafs.tree.Xattr;
import io.nydus4j.rafs.v5.V5Sizes;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import java.util.function.Supplier;

/**
 * A directory tree of this machine, read by byte names.
 *
 * <p>Mirrors the directory builder of the reference: nothing is followed; the root's time is always 0, since tools that unpack layers
 * make it anew each time; link counts and directory sizes of the file system are not taken over.
 */
public final class DirectorySource implements Source {
    private final SourceDirectory directory;
    private final SourceRules rules;
    private final AtomicLong namesSeen = new AtomicLong();

    private DirectorySource(SourceDirectory directory, SourceRules rules) {
        this.directory = directory;
        this.rules = rules;
    }

    /**
     * Opens a directory as a source, to be closed by the caller.
     *
     * @param path  path of the directory, raw bytes; symbolic links are followed
     * @param rules how it becomes a tree
     * @throws ErrnoException if it cannot be opened or is no directory
     */
    public static DirectorySource open(byte[] path, SourceRules rules) throws ErrnoException {
        Descriptor root =
                PosixFiles.open(Descriptor.WORKING_DIRECTORY, path, OpenFlags.READ_ONLY | OpenFlags.DIRECTORY, 0);
        return new DirectorySource(new SourceDirectory(root), rules);
    }

    @Override
    public ImageTree readTree(int threads, LongConsumer progress) throws IOException {
        Node root = readRoot();
        DirectoryWalk walk = new DirectoryWalk(parent -> {
            readChildren(parent);
            progress.accept(namesSeen.get());
        });
        walk.run(root, threads);
        return new ImageTree(root);
    }

    private Node readRoot() throws IOException {
        byte[] path = {'/'};
        try {
            List<Xattr> xattrs = readXattrs(directory.root(), new byte[] {'.'}, () -> path);
            FileStatus status = directory.root().status();
            Node root = Node.root(status.mode(), idOf(status));
            fill(root, status, xattrs);
            root.setMtime(0, 0);
            return root;
        } catch (ErrnoException e) {
            throw SourceErrors.refused("read", path, e);
        }
    }

    private void readChildren(Node parent) throws IOException {
        try (Descriptor open = directory.openDirectory(parent)) {
            if (!idOf(open.status()).equals(parent.sourceId())) {
                throw SourceErrors.broken(parent, "another directory took its place during the build");
            }
            List<DirectoryEntry> entries = DirectoryListing.list(open);
            namesSeen.addAndGet(entries.size());
            List<Node> children = new ArrayList<>(entries.size());
            for (DirectoryEntry entry : entries) {
                Node child = readChild(open, parent, entry.name());
                if (rules.filter().keeps(child)) {
                    children.add(child);
                }
            }
            parent.setChildren(children);
        } catch (ErrnoException e) {
            throw SourceErrors.refused("read directory", parent, e);
        }
        if (rules.version() == RafsVersion.V5) {
            V5Sizes.compute(parent);
        }
    }

    private Node readChild(Descriptor open, Node parent, byte[] name) throws IOException {
        try {
            List<Xattr> xattrs = readXattrs(open, name, () -> childPath(parent, name));
            FileStatus status = PosixFiles.status(open, name);
            Node child = new Node(name, status.mode(), idOf(status));
            fill(child, status, xattrs);
            if (child.isSymlink()) {
                child.setSymlinkTarget(PosixFiles.readLink(open, name));
            } else if (child.isRegular()) {
                reserveChunks(parent, child);
            }
            if (rules.version() == RafsVersion.V5 && !child.isDirectory()) {
                V5Sizes.compute(child);
            }
            return child;
        } catch (ErrnoException e) {
            throw SourceErrors.refused("read", childPath(parent, name), e);
        }
    }

    private void reserveChunks(Node parent, Node file) throws IOException {
        int count = rules.chunkCount(file.size());
        if (count < 0) {
            throw SourceErrors.broken(
                    childPath(parent, file.name()), "file size 0x" + Long.toHexString(file.size()) + " is too big");
        }
        if (count > 0) {
            file.setChunks(new ChunkRecord[count]);
        }
    }

    private void fill(Node node, FileStatus status, List<Xattr> xattrs) {
        node.setXattrs(xattrs);
        if (rules.explicitUidGid()) {
            node.setOwner(status.uid(), status.gid());
        }
        node.setMtime(status.mtimeSeconds(), status.mtimeNanos());
        node.setRdev((int) status.rdev());
        if (!node.isDirectory()) {
            node.setSize(status.size());
        }
    }

    private SourceId idOf(FileStatus status) {
        return new SourceId(rules.layer(), status.ino(), status.dev());
    }

    private static List<Xattr> readXattrs(Descriptor open, byte[] name, Supplier<byte[]> path) throws IOException {
        List<byte[]> keys = Xattrs.list(open, name);
        if (keys.isEmpty()) {
            return List.of();
        }
        List<Xattr> xattrs = new ArrayList<>(keys.size());
        for (byte[] key : keys) {
            if (!XattrRules.isAllowed(key)) {
                throw SourceErrors.broken(path.get(), "invalid xattr key " + RawBytes.printable(key));
            }
            Optional<byte[]> value = Xattrs.get(open, name, key);
            if (value.isPresent()) {
                if (!XattrRules.fits(key, value.get())) {
                    throw SourceErrors.broken(path.get(), "xattr key/value is too big: " + RawBytes.printable(key));
                }
                xattrs.add(new Xattr(key, value.get()));
            }
        }
        return xattrs;
    }

    private static byte[] childPath(Node parent, byte[] name) {
        byte[] prefix = parent.parent() == null ? new byte[0] : parent.path();
        byte[] path = new byte[prefix.length + 1 + name.length];
        System.arraycopy(prefix, 0, path, 0, prefix.length);
        path[prefix.length] = '/';
        System.arraycopy(name, 0, path, prefix.length + 1, name.length);
        return path;
    }

    @Override
    public FileReader openReader() {
        return new DirectoryFileReader(directory);
    }

    @Override
    public long namesSeen() {
        return namesSeen.get();
    }

    @Override
    public void close() throws ErrnoException {
        directory.close();
    }
}
