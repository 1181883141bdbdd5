package io.nydus4j.daemon.passthrough;

import io.nydus4j.daemon.vfs.MountedFileSystem;
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
import io.nydus4j.linux.fuse.FuseReply;
import io.nydus4j.linux.fuse.FuseRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Shows a directory of the host, for reading.
 *
 * <p>Whatever the kernel asks is asked of the host, by descriptors and single names, so that nothing leads out of the directory: a
 * symbolic link is shown as a link, and the parent of a directory that was moved away meanwhile is not found. The kernel may keep
 * what it was told for {@value #KEEP_SECONDS} seconds. Loops wait for the host's file system, as its own readers would; it must
 * not hold the mount that it is shown in.
 */
public final class PassthroughHandler implements MountedFileSystem, AutoCloseable {
    /** For how long the kernel may keep names and attributes. Mirrors the reference's timeouts of 5 s. */
    private static final long KEEP_SECONDS = 5;

    private static final byte[] EMPTY = {};
    private static final byte[] DOT = {'.'};
    private static final byte[] DOT_DOT = {'.', '.'};
    private static final int PLACE = OpenFlags.PATH | OpenFlags.NO_FOLLOW;

    private final SharedNodes nodes;
    private final int index;
    private final boolean atRoot;

    private PassthroughHandler(SharedNodes nodes, int index, boolean atRoot) {
        this.nodes = nodes;
        this.index = index;
        this.atRoot = atRoot;
    }

    /**
     * Opens a directory to show.
     *
     * @param directory the directory, which may be a symbolic link to one
     * @param index     index of the file system among the mounts
     * @param atRoot    whether it is mounted on the root of the whole mount
     * @param first     number of the first node that is looked up, at least 2; one that no predecessor used
     * @throws ErrnoException if it is not there or no directory
     */
    public static PassthroughHandler open(byte[] directory, int index, boolean atRoot, long first)
            throws ErrnoException {
        Descriptor place =
                PosixFiles.open(Descriptor.WORKING_DIRECTORY, directory, OpenFlags.PATH | OpenFlags.DIRECTORY, 0);
        try {
            return new PassthroughHandler(new SharedNodes(place, place.status(), first), index, atRoot);
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
        return attributes
                .ino(NodeNumbers.of(index, node.number()))
                .size(status.size())
                .blocks(status.blocks())
                .mode(status.mode())
                .links((int) Math.min(status.nlink(), Integer.MAX_VALUE))
                .owner(status.uid(), status.gid())
                .device((int) status.rdev())
                .atime(status.atimeSeconds(), status.atimeNanos())
                .mtime(status.mtimeSeconds(), status.mtimeNanos())
                .ctime(status.ctimeSeconds(), status.ctimeNanos());
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
        byte[] name = request.copyName();
        for (byte letter : name) {
            if (letter == '/') {
                throw new ErrnoException("lookup", name, Errno.EINVAL);
            }
        }
        Descriptor place = PosixFiles.open(parent.place(), name, PLACE, 0);
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

    /** Opens a file for reading, by way of its place. */
    private static Descriptor openFile(SharedNode node) throws ErrnoException {
        if (!Mode.isRegular(node.mode())) {
            throw new ErrnoException("open", Mode.isDirectory(node.mode()) ? Errno.EISDIR : Errno.EINVAL);
        }
        Path path = node.place().procPath();
        return PosixFiles.open(
                Descriptor.WORKING_DIRECTORY,
                path.toString().getBytes(StandardCharsets.US_ASCII),
                OpenFlags.READ_ONLY | OpenFlags.NON_BLOCKING,
                0);
    }

    private static Descriptor openDirectory(SharedNode node) throws ErrnoException {
        return PosixFiles.openDirectory(node.place(), DOT);
    }

    /** Says whether the file can be read. Reads carry no handle, for another file system may have told the kernel not to open files. */
    @Override
    public void open(FuseRequest request, FuseReply reply) throws IOException {
        openFile(node(request)).close();
        reply.open(0, 0);
    }

    @Override
    public void read(FuseRequest request, FuseReply reply) throws IOException {
        MemorySegment buffer = reply.buffer();
        int length = (int) Math.min(Integer.toUnsignedLong(request.size()), buffer.byteSize());
        int done = 0;
        try (Descriptor file = openFile(node(request))) {
            while (done < length) {
                long n = file.readAt(request.offset() + done, buffer.asSlice(done, (long) length - done));
                if (n < 0) {
                    break;
                }
                done += (int) n;
            }
        }
        reply.sendBuffer(done);
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
            Descriptor place = PosixFiles.open(directory, name, PLACE, 0);
            try {
                return Optional.of(nodes.lookedUp(place, place.status()));
            } catch (ErrnoException e) {
                place.close();
                return Optional.empty();
            }
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
        Optional<byte[]> value = Xattrs.get(node(request).place(), request.copyName());
        if (value.isPresent()) {
            reply.xattr(request.size(), value.get());
        } else {
            reply.error(Errno.ENODATA);
        }
    }

    @Override
    public void listxattr(FuseRequest request, FuseReply reply) throws IOException {
        ByteArrayOutputStream names = new ByteArrayOutputStream();
        for (byte[] name : Xattrs.list(node(request).place())) {
            names.writeBytes(name);
            names.write(0);
        }
        reply.xattr(request.size(), names.toByteArray());
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
        nodes.close();
    }
}
