package io.nydus4j.daemon.overlay;

import io.nydus4j.daemon.fuse.FuseCommons;
import io.nydus4j.daemon.fuse.LowerImage;
import io.nydus4j.daemon.passthrough.OpenFiles;
import io.nydus4j.daemon.passthrough.PlaceFiles;
import io.nydus4j.daemon.passthrough.PlaceNames;
import io.nydus4j.daemon.vfs.MountedFileSystem;
import io.nydus4j.daemon.vfs.NodeNumbers;
import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.OpenFlags;
import io.nydus4j.linux.file.PosixFiles;
import io.nydus4j.linux.file.Xattrs;
import io.nydus4j.linux.fuse.FuseAttributeChange;
import io.nydus4j.linux.fuse.FuseAttributes;
import io.nydus4j.linux.fuse.FuseConnection;
import io.nydus4j.linux.fuse.FuseCopyRange;
import io.nydus4j.linux.fuse.FuseReply;
import io.nydus4j.linux.fuse.FuseRequest;
import io.nydus4j.rafs.Inode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Serves an image that can be changed: what changes goes to an upper directory.
 *
 * <p>Long, for it is one short method for each kind of request. Reads of what did not change are the image's own; a change that needs data
 * of the image waits for it on a virtual thread. Nobody else may change the upper directory meanwhile, so the kernel may keep what it was
 * told. Files that were open when the daemon died stay open, if its successor can find them and they have a name.
 */
public final class OverlayHandler implements MountedFileSystem, AutoCloseable {
    /** For how long the kernel may keep names and attributes, in seconds. */
    private static final long KEEP_SECONDS = 3600;

    private static final long ALL = Long.MAX_VALUE;
    private static final int CHANGES = OpenFlags.WRITE_ONLY | OpenFlags.READ_WRITE | OpenFlags.TRUNCATE;
    private static final byte[] DOT = {'.'};
    private static final byte[] DOT_DOT = {'.', '.'};
    private static final byte[] EMPTY = {};

    private final LowerImage image;
    private final OverlayTree tree;
    private final OverlayCopies copies;
    private final OverlayChanges changes;
    private final OpenFiles files;
    private final OpenListings listings;
    private final LateChanges late;
    private final int index;
    private final boolean atRoot;
    private volatile boolean writable;

    private OverlayHandler(
            LowerImage image, OverlayTree tree, int index, boolean atRoot, long first, FuseCommons commons) {
        this.image = image;
        this.tree = tree;
        this.copies = tree.copies();
        this.changes = new OverlayChanges(tree);
        this.files = new OpenFiles(first);
        this.listings = new OpenListings(tree, first);
        this.late = new LateChanges(commons.requests());
        this.index = index;
        this.atRoot = atRoot;
    }

    /**
     * Opens the directories of an overlay.
     *
     * @param image     what shows where nothing changed; stays the caller's, open as long as the handler is used
     * @param place     where it is mounted
     * @param upper     directory for what changes
     * @param work      directory on the same file system for what is being made
     * @throws IOException if they cannot be used, or another overlay uses them
     */
    public static OverlayHandler open(
            LowerImage image, OverlayPlace place, byte[] upper, byte[] work, FuseCommons commons) throws IOException {
        UpperLayer layer = UpperLayer.open(upper, work, place.inherited());
        try {
            OverlayTree tree = new OverlayTree(image, layer, place);
            return new OverlayHandler(
                    image, tree, place.index(), place.atRoot(), NodeNumbers.firstLocal(place.inherited()), commons);
        } catch (IOException e) {
            layer.root().close();
            layer.close();
            throw e;
        }
    }

    private OverlayNode node(FuseRequest request) throws ErrnoException {
        return tree.node(NodeNumbers.local(request.nodeId()));
    }

    private long nodeId(OverlayNode node) {
        return node.number() == OverlayNodes.ROOT ? rootNodeId() : NodeNumbers.of(index, node.number());
    }

    private FuseAttributes fill(OverlayNode node, FuseAttributes attributes) throws IOException {
        Descriptor upper = node.upper();
        if (upper == null) {
            image.fill(image.inode(node.lower()), attributes);
        } else {
            PlaceFiles.fill(upper.status(), attributes);
        }
        return attributes.ino(NodeNumbers.of(index, node.number()));
    }

    /** Answers when nodes are in the upper directory: at once, or late where that takes its time. */
    private void whenUp(
            FuseRequest request, FuseReply reply, long length, List<OverlayNode> nodes, LateChanges.Answer answer)
            throws IOException {
        boolean slow = false;
        for (OverlayNode node : nodes) {
            slow |= copies.isSlow(node, length);
        }
        if (slow) {
            late.start(request, reply, () -> copyUp(nodes, length), answer);
        } else {
            copyUp(nodes, length);
            answer.to(reply);
        }
    }

    private void copyUp(List<OverlayNode> nodes, long length) throws IOException {
        for (OverlayNode node : nodes) {
            copies.copyUp(node, length);
        }
    }

    private static Descriptor up(OverlayNode node) throws ErrnoException {
        Descriptor upper = node.upper();
        if (upper == null) {
            throw new ErrnoException("open", Errno.EBADF); // nobody has it open for writing
        }
        return upper;
    }

    @Override
    public void connected(FuseConnection connection) {
        writable = connection.isForWriting();
    }

    @Override
    public long rootNodeId() {
        return atRoot ? NodeNumbers.ROOT : NodeNumbers.of(index, OverlayNodes.ROOT);
    }

    @Override
    public long keepSeconds() {
        return KEEP_SECONDS;
    }

    @Override
    public FuseAttributes rootAttributes(FuseAttributes attributes) throws IOException {
        return fill(tree.root(), attributes);
    }

    @Override
    public List<byte[]> rootNames() throws IOException {
        return tree.list(tree.root()).stream().map(OverlayTree.Entry::name).toList();
    }

    @Override
    public boolean awaitIdle(Duration patience) throws InterruptedException {
        return late.awaitIdle(patience);
    }

    @Override
    public void lookup(FuseRequest request, FuseReply reply) throws IOException {
        OverlayNode parent = node(request);
        if (request.nameEquals(DOT) || request.nameEquals(DOT_DOT)) {
            reply.error(Errno.ESTALE); // asked for by file handles only, which a mount of ours has not for long
            return;
        }
        entry(tree.lookUp(parent, PlaceNames.checked(request.copyName())), reply);
    }

    private void entry(@Nullable OverlayNode node, FuseReply reply) throws IOException {
        if (node == null) {
            reply.negativeEntry(KEEP_SECONDS);
            return;
        }
        FuseAttributes attributes;
        try {
            attributes = fill(node, reply.attributes());
        } catch (IOException e) {
            tree.forget(node, 1);
            throw e;
        }
        reply.entry(nodeId(node), 0, KEEP_SECONDS, attributes);
    }

    @Override
    public void forget(long nodeId, long lookups) {
        try {
            tree.forget(tree.node(NodeNumbers.local(nodeId)), lookups);
        } catch (ErrnoException _) {
            // it was a predecessor's
        }
    }

    @Override
    public void getattr(FuseRequest request, FuseReply reply) throws IOException {
        reply.attributes(KEEP_SECONDS, fill(node(request), reply.attributes()));
    }

    @Override
    public void setattr(FuseRequest request, FuseReply reply) throws IOException {
        OverlayNode node = node(request);
        FuseAttributeChange change = request.attributeChange();
        long length = change.has(FuseAttributeChange.SIZE) ? change.size() : ALL;
        whenUp(request, reply, length, List.of(node), answer -> {
            PlaceFiles.change(up(node), change, files);
            answer.attributes(KEEP_SECONDS, fill(node, answer.attributes()));
        });
    }

    @Override
    public void readlink(FuseRequest request, FuseReply reply) throws IOException {
        OverlayNode node = node(request);
        if (!node.isSymlink()) {
            throw new ErrnoException("readlink", Errno.EINVAL);
        }
        Descriptor upper = node.upper();
        reply.data(upper == null ? image.inode(node.lower()).symlinkTarget() : PosixFiles.readLink(upper, EMPTY));
    }

    @Override
    public void open(FuseRequest request, FuseReply reply) throws IOException {
        OverlayNode node = node(request);
        int flags = request.openFlags();
        if ((flags & CHANGES) == 0 && (node.upper() == null || !writable)) {
            reply.open(0, FuseReply.KEEP_CACHE);
        } else {
            whenUp(request, reply, ALL, List.of(node), answer -> {
                Descriptor file = PlaceFiles.open(up(node), flags);
                answer.open(files.add(file), FuseReply.KEEP_CACHE);
            });
        }
    }

    @Override
    public void release(FuseRequest request, FuseReply reply) {
        files.release(request.handle());
        reply.ok();
    }

    @Override
    public void read(FuseRequest request, FuseReply reply) throws IOException {
        OverlayNode node = node(request);
        Descriptor upper = node.upper();
        if (upper == null) {
            image.read(node.lower(), request, reply);
            return;
        }
        files.read(request, upper, reply);
    }

    @Override
    public void write(FuseRequest request, FuseReply reply) throws IOException {
        files.write(request, up(node(request)), reply);
    }

    @Override
    public void lseek(FuseRequest request, FuseReply reply) throws IOException {
        OverlayNode node = node(request);
        Descriptor upper = node.upper();
        if (upper == null) {
            image.seek(node.lower(), request, reply);
        } else {
            files.seek(request, upper, reply);
        }
    }

    @Override
    public void fallocate(FuseRequest request, FuseReply reply) throws IOException {
        files.allocate(request, up(node(request)), reply);
    }

    /** Copies within the upper directory; what is in the image the kernel reads itself. */
    @Override
    public void copyFileRange(FuseRequest request, FuseReply reply) throws IOException {
        FuseCopyRange range = request.copyRange();
        Descriptor source = node(request).upper();
        Descriptor target = tree.node(NodeNumbers.local(range.targetNodeId())).upper();
        if (source == null || target == null) {
            reply.error(Errno.EXDEV);
        } else {
            files.copy(range, source, target, reply);
        }
    }

    @Override
    public void fsync(FuseRequest request, FuseReply reply) throws IOException {
        Descriptor upper = node(request).upper();
        if (upper != null) {
            files.sync(request, upper);
        }
        reply.ok();
    }

    @Override
    public void fsyncdir(FuseRequest request, FuseReply reply) throws IOException {
        Descriptor upper = node(request).upper();
        if (upper != null) {
            try (Descriptor directory = PosixFiles.openDirectory(upper, DOT)) {
                PlaceFiles.sync(directory, request);
            }
        }
        reply.ok();
    }

    @Override
    public void opendir(FuseRequest request, FuseReply reply) throws IOException {
        node(request);
        reply.open(listings.open(), 0);
    }

    @Override
    public void releasedir(FuseRequest request, FuseReply reply) {
        listings.release(request.handle());
        reply.ok();
    }

    @Override
    public void readdir(FuseRequest request, FuseReply reply) throws IOException {
        OverlayNode directory = node(request);
        long cookie = request.offset();
        for (OverlayTree.Entry entry : listings.from(directory, request.handle(), cookie)) {
            byte[] name = entry.name();
            long ino = NodeNumbers.of(index, NodeNumbers.local(entry.ino()));
            if (!reply.dirent(ino, ++cookie, entry.type(), MemorySegment.ofArray(name), 0, name.length)) {
                break;
            }
        }
        reply.sendDirents();
    }

    @Override
    public void readdirplus(FuseRequest request, FuseReply reply) throws IOException {
        OverlayNode directory = node(request);
        long cookie = request.offset();
        for (OverlayTree.Entry entry : listings.from(directory, request.handle(), cookie)) {
            if (!addEntry(directory, entry, ++cookie, reply)) {
                break;
            }
        }
        reply.sendDirents();
    }

    /** Adds an entry with attributes, which is a look-up; returns false if it no longer fits. */
    private boolean addEntry(OverlayNode directory, OverlayTree.Entry entry, long cookie, FuseReply reply)
            throws IOException {
        byte[] name = entry.name();
        MemorySegment bytes = MemorySegment.ofArray(name);
        boolean dots = name.length <= 2 && name[0] == '.' && name[name.length - 1] == '.';
        OverlayNode node = dots ? null : tree.lookUp(directory, name);
        if (node == null) {
            FuseAttributes attributes = reply.attributes()
                    .ino(NodeNumbers.of(index, NodeNumbers.local(entry.ino())))
                    .mode(entry.type());
            return !dots // is gone meanwhile
                    || reply.direntPlus(0, 0, 0, attributes, cookie, bytes, 0, name.length);
        }
        boolean added = false;
        try {
            FuseAttributes attributes = fill(node, reply.attributes());
            added = reply.direntPlus(nodeId(node), 0, KEEP_SECONDS, attributes, cookie, bytes, 0, name.length);
            return added;
        } finally {
            if (!added) {
                tree.forget(node, 1);
            }
        }
    }

    @Override
    public void statfs(FuseRequest request, FuseReply reply) throws IOException {
        reply.statfs(tree.upper().root().fileSystemStatus());
    }

    @Override
    public void getxattr(FuseRequest request, FuseReply reply) throws IOException {
        OverlayNode node = node(request);
        byte[] name = request.copyName();
        Descriptor upper = node.upper();
        if (UpperLayer.isMark(name)) {
            reply.error(Errno.ENODATA);
        } else if (upper != null) {
            PlaceFiles.getXattr(upper, request, reply);
        } else {
            Inode inode = image.inode(node.lower());
            byte[] value = inode.hasXattrs() ? inode.xattr(name) : null;
            if (value == null) {
                reply.error(Errno.ENODATA);
            } else {
                reply.xattr(request.size(), value);
            }
        }
    }

    @Override
    public void listxattr(FuseRequest request, FuseReply reply) throws IOException {
        OverlayNode node = node(request);
        Descriptor upper = node.upper();
        List<byte[]> names =
                new ArrayList<>(upper == null ? image.inode(node.lower()).xattrNames() : Xattrs.list(upper));
        names.removeIf(UpperLayer::isMark);
        reply.xattrNames(request.size(), names);
    }

    @Override
    public void setxattr(FuseRequest request, FuseReply reply) throws IOException {
        OverlayNode node = node(request);
        byte[] name = request.copyName();
        byte[] value = request.copyValue();
        int flags = request.xattrFlags();
        checkNoMark(name);
        whenUp(request, reply, ALL, List.of(node), answer -> {
            Xattrs.set(up(node), name, value, flags);
            answer.ok();
        });
    }

    @Override
    public void removexattr(FuseRequest request, FuseReply reply) throws IOException {
        OverlayNode node = node(request);
        byte[] name = request.copyName();
        checkNoMark(name);
        if (node.upper() == null && image.inode(node.lower()).xattr(name) == null) {
            reply.error(Errno.ENODATA);
            return;
        }
        whenUp(request, reply, ALL, List.of(node), answer -> {
            Xattrs.remove(up(node), name);
            answer.ok();
        });
    }

    private static void checkNoMark(byte[] name) throws ErrnoException {
        if (UpperLayer.isMark(name)) {
            throw new ErrnoException("setxattr", name, Errno.EPERM);
        }
    }

    /** Leaves permissions to the kernel, which knows owner and mode. */
    @Override
    public void access(FuseRequest request, FuseReply reply) throws IOException {
        node(request);
        reply.ok();
    }

    @Override
    public void mknod(FuseRequest request, FuseReply reply) throws IOException {
        made(request, reply, false, PlaceNames::makeNode);
    }

    @Override
    public void mkdir(FuseRequest request, FuseReply reply) throws IOException {
        made(request, reply, true, PlaceNames::makeDirectory);
    }

    @Override
    public void symlink(FuseRequest request, FuseReply reply) throws IOException {
        made(request, reply, false, PlaceNames::makeSymlink);
    }

    private void made(FuseRequest request, FuseReply reply, boolean directory, PlaceNames.Maker maker)
            throws IOException {
        OverlayNode parent = node(request);
        byte[] name = PlaceNames.checked(request.copyName());
        changes.make(parent, name, directory, (place, made) -> maker.make(place, made, request));
        entry(tree.lookUp(parent, name), reply);
    }

    @Override
    public void create(FuseRequest request, FuseReply reply) throws IOException {
        OverlayNode parent = node(request);
        byte[] name = PlaceNames.checked(request.copyName());
        int flags = request.openFlags();
        @Nullable Descriptor[] made = new Descriptor[1];
        try {
            changes.make(
                    parent,
                    name,
                    false,
                    (directory, place) -> made[0] = PlaceNames.create(directory, place, request)
                            .orElseThrow(() -> new ErrnoException("create", name, Errno.EEXIST)));
        } catch (ErrnoException e) {
            if (e.errno() != Errno.EEXIST || (flags & OpenFlags.EXCLUSIVE) != 0) {
                throw e;
            }
        }
        OverlayNode node = tree.lookUp(parent, name);
        if (node == null) {
            throw new ErrnoException("create", name, Errno.ENOENT);
        }
        whenUp(request, reply, ALL, List.of(node), answer -> {
            Descriptor opened = made[0];
            Descriptor file = opened == null ? PlaceFiles.open(up(node), flags) : opened;
            FuseAttributes attributes = fill(node, answer.attributes());
            answer.created(nodeId(node), 0, KEEP_SECONDS, attributes, files.add(file), FuseReply.KEEP_CACHE);
        });
    }

    @Override
    public void link(FuseRequest request, FuseReply reply) throws IOException {
        OverlayNode parent = node(request);
        byte[] name = PlaceNames.checked(request.copyName());
        OverlayNode node = tree.node(NodeNumbers.local(request.otherNodeId()));
        if (node.isDirectory()) {
            throw new ErrnoException("link", name, Errno.EPERM);
        }
        whenUp(request, reply, ALL, List.of(node), answer -> {
            changes.link(node, parent, name);
            entry(tree.lookUp(parent, name), answer);
        });
    }

    @Override
    public void unlink(FuseRequest request, FuseReply reply) throws IOException {
        OverlayNode parent = node(request);
        byte[] name = PlaceNames.checked(request.copyName());
        OverlayNode child = tree.lookUp(parent, name);
        List<OverlayNode> linked = child != null && copies.isLinkedBelow(child) ? List.of(child) : List.of();
        release(child);
        whenUp(request, reply, ALL, linked, answer -> {
            changes.unlink(parent, name);
            answer.ok();
        });
    }

    /** Ends a use of ours of a node that the kernel knows too, or that is looked up again when it is wanted. */
    private void release(@Nullable OverlayNode node) {
        if (node != null) {
            tree.forget(node, 1);
        }
    }

    @Override
    public void rmdir(FuseRequest request, FuseReply reply) throws IOException {
        changes.rmdir(node(request), PlaceNames.checked(request.copyName()));
        reply.ok();
    }

    @Override
    public void rename(FuseRequest request, FuseReply reply) throws IOException {
        OverlayNode from = node(request);
        OverlayNode to = tree.node(NodeNumbers.local(request.otherNodeId()));
        byte[] oldName = PlaceNames.checked(request.copyName());
        byte[] newName = PlaceNames.checked(request.copySecondName());
        int flags = request.renameFlags();
        OverlayNode source = tree.lookUp(from, oldName);
        OverlayNode target = tree.lookUp(to, newName);
        List<OverlayNode> needed = new ArrayList<>();
        if (source != null && !source.isDirectory()) {
            needed.add(source);
        }
        if (target != null && !target.isDirectory() && (flags != 0 || copies.isLinkedBelow(target))) {
            needed.add(target);
        }
        release(source);
        release(target);
        whenUp(request, reply, ALL, needed, answer -> {
            changes.rename(from, oldName, to, newName, flags);
            answer.ok();
        });
    }

    /** Closes the nodes and files; no request is under way. */
    @Override
    public void close() {
        files.close();
        tree.close();
    }
}
