package io.nydus4j.daemon.passthrough;

import io.nydus4j.daemon.vfs.MountedFileSystem;
import io.nydus4j.daemon.vfs.NodeJournal;
import io.nydus4j.daemon.vfs.NodeNumbers;
import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.DirectoryEntry;
import io.nydus4j.linux.file.DirectoryListing;
import io.nydus4j.linux.file.FileStatus;
import io.nydus4j.linux.file.Mode;
import io.nydus4j.linux.file.OpenFlags;
import io.nydus4j.linux.file.PosixFiles;
import io.nydus4j.linux.file.Xattrs;
import io.nydus4j.linux.fuse.FuseAttributes;
import io.nydus4j.linux.fuse.FuseConnection;
import io.nydus4j.linux.fuse.FuseCopyRange;
import io.nydus4j.linux.fuse.FuseReply;
import io.nydus4j.linux.fuse.FuseRequest;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Shows a directory of the host, and changes it where the mount is for writing.
 *
 * <p>Whatever the kernel asks is asked of the host, by descriptors and single names, so that nothing leads out of the directory: a
 * symbolic link is shown as a link, and the parent of a directory that was moved away meanwhile is not found. The kernel may keep
 * what it was told for {@value #KEEP_SECONDS} seconds; data it never keeps back from the host. Loops wait for the host's file system, as
 * its own readers would; it must not hold the mount that it is shown in.
 */
public final class PassthroughHandler implements MountedFileSystem, AutoCloseable {
    /** For how long the kernel may keep names and attributes. Mirrors the reference's timeouts of 5 s. */
    private static final long KEEP_SECONDS = 5;

    private static final byte[] EMPTY = {};
    private static final byte[] DOT = {'.'};
    private static final byte[] DOT_DOT = {'.', '.'};

    private final SharedNodes nodes;
    private final OpenFiles files;
    private final int index;
    private final boolean atRoot;
    /** Whether clients may write; then the kernel opens files, else another file system may have told it not to. */
    private volatile boolean writable;

    private PassthroughHandler(SharedNodes nodes, int index, boolean atRoot, long first) {
        this.nodes = nodes;
        this.files = new OpenFiles(first);
        this.index = index;
        this.atRoot = atRoot;
    }

    /**
     * Opens a directory to show.
     *
     * @param directory the directory, which may be a symbolic link to one
     * @param index     index of the file system among the mounts
     * @param atRoot    whether it is mounted on the root of the whole mount
     * @param inherited whether a predecessor served it: then nodes and handles get numbers that no predecessor gave
     * @param journal   path of the file by which a successor knows the nodes, if there is to be one
     * @throws ErrnoException if the directory is not there or no directory
     */
    public static PassthroughHandler open(
            byte[] directory, int index, boolean atRoot, boolean inherited, Optional<byte[]> journal)
            throws ErrnoException {
        long first = NodeNumbers.firstLocal(inherited);
        Descriptor place =
                PosixFiles.open(Descriptor.WORKING_DIRECTORY, directory, OpenFlags.PATH | OpenFlags.DIRECTORY, 0);
        try {
            NodeJournal<KnownNode> noted =
                    journal.isPresent() ? NodeJournal.open(journal.get(), inherited, KnownNode::read) : null;
            SharedNodes nodes = new SharedNodes(place, place.status(), first, noted);
            return new PassthroughHandler(nodes, index, atRoot, first);
        } catch (ErrnoException e) {
            place.close();
            throw e;
        }
    }

    private SharedNode node(FuseRequest request) throws ErrnoException {
        return nodes.node(NodeNumbers.local(request.nodeId()));
    }

    private long nodeId(SharedNode node) {
        return node.number() == SharedNodes.ROOT ? rootNodeId() : NodeNumbers.of(index, node.number());
    }

    private FuseAttributes fill(SharedNode node, FileStatus status, FuseAttributes attributes) {
        return PlaceFiles.fill(status, attributes.ino(NodeNumbers.of(index, node.number())));
    }

    @Override
    public void connected(FuseConnection connection) {
        writable = connection.isForWriting();
    }

    @Override
    public long rootNodeId() {
        return atRoot ? NodeNumbers.ROOT : NodeNumbers.of(index, SharedNodes.ROOT);
    }

    @Override
    public long keepSeconds() {
        return KEEP_SECONDS;
    }

    @Override
    public FuseAttributes rootAttributes(FuseAttributes attributes) throws IOException {
        return fill(nodes.root(), nodes.root().place().status(), attributes);
    }

    @Override
    public List<byte[]> rootNames() throws IOException {
        List<byte[]> names = new ArrayList<>();
        try (Descriptor directory = openDirectory(nodes.root())) {
            DirectoryListing.visit(directory, entry -> names.add(entry.name()));
        }
        return names;
    }

    @Override
    public boolean awaitIdle(Duration patience) {
        return true; // none is ever put aside
    }

    @Override
    public void lookup(FuseRequest request, FuseReply reply) throws IOException {
        SharedNode parent = node(request);
        boolean up = request.nameEquals(DOT_DOT);
        if (up && parent.number() == SharedNodes.ROOT) {
            reply.entry(rootNodeId(), 0, KEEP_SECONDS, rootAttributes(reply.attributes()));
            return;
        }
        byte[] name = up || request.nameEquals(DOT) ? request.copyName() : PlaceNames.checked(request.copyName());
        Descriptor place = PosixFiles.open(parent.place(), name, PlaceNames.PLACE, 0);
        FileStatus status;
        try {
            status = place.status();
            if (up && !nodes.isKnown(status)) {
                throw new ErrnoException("lookup", name, Errno.ESTALE);
            }
        } catch (ErrnoException e) {
            place.close();
            throw e;
        }
        SharedNode child = nodes.lookedUp(place, status);
        reply.entry(nodeId(child), 0, KEEP_SECONDS, fill(child, status, reply.attributes()));
    }

    @Override
    public void forget(long nodeId, long lookups) {
        nodes.forget(NodeNumbers.local(nodeId), lookups);
    }

    @Override
    public void getattr(FuseRequest request, FuseReply reply) throws IOException {
        SharedNode node = node(request);
        reply.attributes(KEEP_SECONDS, fill(node, node.place().status(), reply.attributes()));
    }

    @Override
    public void readlink(FuseRequest request, FuseReply reply) throws IOException {
        SharedNode node = node(request);
        if (!Mode.isSymlink(node.mode())) {
            throw new ErrnoException("readlink", Errno.EINVAL);
        }
        reply.data(PosixFiles.readLink(node.place(), EMPTY));
    }

    private static Descriptor openDirectory(SharedNode node) throws ErrnoException {
        return PosixFiles.openDirectory(node.place(), DOT);
    }

    /** Opens a file; where nothing is written, requests open it anew. */
    @Override
    public void open(FuseRequest request, FuseReply reply) throws IOException {
        Descriptor file = PlaceFiles.open(node(request).place(), request.openFlags());
        if (writable) {
            reply.open(files.add(file), 0);
        } else {
            file.close();
            reply.open(0, 0);
        }
    }

    @Override
    public void release(FuseRequest request, FuseReply reply) {
        files.release(request.handle());
        reply.ok();
    }

    @Override
    public void read(FuseRequest request, FuseReply reply) throws IOException {
        files.read(request, node(request).place(), reply);
    }

    @Override
    public void write(FuseRequest request, FuseReply reply) throws IOException {
        files.write(request, node(request).place(), reply);
    }

    @Override
    public void setattr(FuseRequest request, FuseReply reply) throws IOException {
        SharedNode node = node(request);
        PlaceFiles.change(node.place(), request.attributeChange(), files);
        reply.attributes(KEEP_SECONDS, fill(node, node.place().status(), reply.attributes()));
    }

    @Override
    public void create(FuseRequest request, FuseReply reply) throws IOException {
        SharedNode parent = node(request);
        byte[] name = PlaceNames.checked(request.copyName());
        Optional<Descriptor> made = PlaceNames.create(parent.place(), name, request);
        SharedNode node;
        try {
            node = child(parent.place(), name);
        } catch (ErrnoException e) {
            if (made.isPresent()) {
                made.get().close();
            }
            throw e;
        }
        Descriptor file = made.isPresent() ? made.get() : PlaceFiles.open(node.place(), request.openFlags());
        FuseAttributes attributes = fill(node, node.place().status(), reply.attributes());
        reply.created(nodeId(node), 0, KEEP_SECONDS, attributes, files.add(file), 0);
    }

    /** Counts a look-up of a name in a directory. */
    private SharedNode child(Descriptor directory, byte[] name) throws ErrnoException {
        Descriptor place = PosixFiles.open(directory, name, PlaceNames.PLACE, 0);
        try {
            return nodes.lookedUp(place, place.status());
        } catch (ErrnoException e) {
            place.close();
            throw e;
        }
    }

    /** Makes what is asked for, and answers by what has the name then. */
    private void make(FuseRequest request, FuseReply reply, PlaceNames.Maker maker) throws IOException {
        SharedNode parent = node(request);
        byte[] name = PlaceNames.checked(request.copyName());
        maker.make(parent.place(), name, request);
        SharedNode node = child(parent.place(), name);
        reply.entry(nodeId(node), 0, KEEP_SECONDS, fill(node, node.place().status(), reply.attributes()));
    }

    @Override
    public void mknod(FuseRequest request, FuseReply reply) throws IOException {
        make(request, reply, PlaceNames::makeNode);
    }

    @Override
    public void mkdir(FuseRequest request, FuseReply reply) throws IOException {
        make(request, reply, PlaceNames::makeDirectory);
    }

    @Override
    public void symlink(FuseRequest request, FuseReply reply) throws IOException {
        make(request, reply, PlaceNames::makeSymlink);
    }

    @Override
    public void link(FuseRequest request, FuseReply reply) throws IOException {
        SharedNode node = nodes.node(NodeNumbers.local(request.otherNodeId()));
        make(request, reply, (directory, name, _) -> PosixFiles.makeLink(node.place(), directory, name));
    }

    @Override
    public void unlink(FuseRequest request, FuseReply reply) throws IOException {
        PosixFiles.remove(node(request).place(), PlaceNames.checked(request.copyName()));
        reply.ok();
    }

    @Override
    public void rmdir(FuseRequest request, FuseReply reply) throws IOException {
        PosixFiles.removeDirectory(node(request).place(), PlaceNames.checked(request.copyName()));
        reply.ok();
    }

    @Override
    public void rename(FuseRequest request, FuseReply reply) throws IOException {
        SharedNode target = nodes.node(NodeNumbers.local(request.otherNodeId()));
        PosixFiles.rename(
                node(request).place(),
                PlaceNames.checked(request.copyName()),
                target.place(),
                PlaceNames.checked(request.copySecondName()),
                request.renameFlags());
        reply.ok();
    }

    @Override
    public void setxattr(FuseRequest request, FuseReply reply) throws IOException {
        Xattrs.set(node(request).place(), request.copyName(), request.copyValue(), request.xattrFlags());
        reply.ok();
    }

    @Override
    public void removexattr(FuseRequest request, FuseReply reply) throws IOException {
        Xattrs.remove(node(request).place(), request.copyName());
        reply.ok();
    }

    @Override
    public void fallocate(FuseRequest request, FuseReply reply) throws IOException {
        files.allocate(request, node(request).place(), reply);
    }

    @Override
    public void lseek(FuseRequest request, FuseReply reply) throws IOException {
        files.seek(request, node(request).place(), reply);
    }

    @Override
    public void copyFileRange(FuseRequest request, FuseReply reply) throws IOException {
        FuseCopyRange range = request.copyRange();
        SharedNode target = nodes.node(NodeNumbers.local(range.targetNodeId()));
        files.copy(range, node(request).place(), target.place(), reply);
    }

    @Override
    public void fsync(FuseRequest request, FuseReply reply) throws IOException {
        files.sync(request, node(request).place());
        reply.ok();
    }

    @Override
    public void fsyncdir(FuseRequest request, FuseReply reply) throws IOException {
        try (Descriptor directory = openDirectory(node(request))) {
            PlaceFiles.sync(directory, request);
        }
        reply.ok();
    }

    @Override
    public void opendir(FuseRequest request, FuseReply reply) throws IOException {
        openDirectory(node(request)).close();
        reply.open(0, 0);
    }

    @Override
    public void readdir(FuseRequest request, FuseReply reply) throws IOException {
        try (Descriptor directory = openDirectory(node(request))) {
            DirectoryListing.visitFrom(
                    directory,
                    request.offset(),
                    request.size(),
                    entry -> reply.dirent(
                            NodeNumbers.of(index, NodeNumbers.local(entry.ino())),
                            entry.next(),
                            entry.type(),
                            MemorySegment.ofArray(entry.name()),
                            0,
                            entry.name().length));
        }
        reply.sendDirents();
    }

    @Override
    public void readdirplus(FuseRequest request, FuseReply reply) throws IOException {
        try (Descriptor directory = openDirectory(node(request))) {
            DirectoryListing.visitFrom(
                    directory, request.offset(), request.size(), entry -> addEntry(directory, entry, reply));
        }
        reply.sendDirents();
    }

    /** Adds an entry with attributes, which is a look-up; returns false if it no longer fits. */
    private boolean addEntry(Descriptor directory, DirectoryEntry entry, FuseReply reply) throws ErrnoException {
        MemorySegment name = MemorySegment.ofArray(entry.name());
        int length = entry.name().length;
        Optional<SharedNode> found = found(directory, entry.name());
        if (found.isEmpty()) {
            FuseAttributes attributes = reply.attributes()
                    .ino(NodeNumbers.of(index, NodeNumbers.local(entry.ino())))
                    .mode(entry.type());
            return reply.direntPlus(0, 0, 0, attributes, entry.next(), name, 0, length);
        }
        SharedNode node = found.get();
        boolean added = false;
        try {
            FuseAttributes attributes = fill(node, node.place().status(), reply.attributes());
            added = reply.direntPlus(nodeId(node), 0, KEEP_SECONDS, attributes, entry.next(), name, 0, length);
            return added;
        } finally {
            if (!added) {
                nodes.forget(node.number(), 1);
            }
        }
    }

    /** Looks up what a listing names; nothing where it is gone, or may not be looked at. */
    private Optional<SharedNode> found(Descriptor directory, byte[] name) {
        try {
            return Optional.of(child(directory, name));
        } catch (ErrnoException e) {
            return Optional.empty();
        }
    }

    @Override
    public void statfs(FuseRequest request, FuseReply reply) throws IOException {
        reply.statfs(node(request).place().fileSystemStatus());
    }

    @Override
    public void getxattr(FuseRequest request, FuseReply reply) throws IOException {
        PlaceFiles.getXattr(node(request).place(), request, reply);
    }

    @Override
    public void listxattr(FuseRequest request, FuseReply reply) throws IOException {
        reply.xattrNames(request.size(), Xattrs.list(node(request).place()));
    }

    /** Leaves permissions to the kernel, which knows owner and mode. */
    @Override
    public void access(FuseRequest request, FuseReply reply) throws IOException {
        node(request);
        reply.ok();
    }

    /** Closes the nodes; no request is under way. */
    @Override
    public void close() {
        files.close();
        nodes.close();
    }
}
