package io.nydus4j.build.extract;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.RawBytes;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.OpenFlags;
import io.nydus4j.linux.file.PosixFiles;
import io.nydus4j.linux.file.ProcessIdentity;
import io.nydus4j.linux.file.Xattrs;
import io.nydus4j.rafs.BootstrapWalk;
import io.nydus4j.rafs.FileMode;
import io.nydus4j.rafs.Inode;
import io.nydus4j.rafs.RafsPaths;
import io.nydus4j.rafs.tree.Xattr;
import io.nydus4j.storage.device.BlobDevice;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;

/**
 * Makes files of the inodes of an image in an empty directory: with owners (for root), modes, times, xattrs, hard links, devices, FIFOs and
 * sockets. Whatever the image says, nothing outside of that directory is touched, for each name is made anew in a directory that was
 * opened without following links. Not safe for use by several threads.
 */
final class TreeExtraction implements AutoCloseable {
    private static final int BUFFER = 1 << 20;
    private static final int PRIVATE_DIRECTORY = 0700;
    private static final int PRIVATE_FILE = 0600;
    private static final int NEW_FILE =
            OpenFlags.CREATE | OpenFlags.EXCLUSIVE | OpenFlags.WRITE_ONLY | OpenFlags.NO_FOLLOW;
    private static final byte[] SELF = {'.'};

    /** A directory that gets its attributes when all is in it. */
    private record Pending(List<byte[]> path, Inode inode) {}

    private final Descriptor root;
    private final OpenDirectories directories;
    private final BlobDevice data;
    private final LongConsumer progress;
    private final boolean keepsOwners = ProcessIdentity.isRoot();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
    private final List<Pending> pending = new ArrayList<>();
    /** First path of each file with several names, by inode number. */
    private final Map<Long, List<byte[]>> firstPaths = new HashMap<>();

    private long done;

    /**
     * Starts a tree.
     *
     * @param root     an empty directory, closed by the caller
     * @param data     the image's data
     * @param progress hears how many bytes of data were written
     */
    TreeExtraction(Descriptor root, BlobDevice data, LongConsumer progress) {
        this.root = root;
        this.directories = new OpenDirectories(root);
        this.data = data;
        this.progress = progress;
    }

    /**
     * Makes an inode; its directory has been made before.
     *
     * @param walk stands at it
     * @throws IOException if the inode or its data is broken, or the file cannot be made; the message names it
     */
    void add(Inode inode, BootstrapWalk walk) throws IOException {
        checkInterrupt();
        byte[] path = walk.path();
        List<byte[]> names = RafsPaths.components(path);
        try {
            if (inode.isDirectory()) {
                if (!names.isEmpty()) {
                    PosixFiles.makeDirectory(parent(names), names.getLast(), PRIVATE_DIRECTORY);
                }
                walk.spendOn(inode);
                pending.add(new Pending(names, inode));
                return;
            }
            List<byte[]> first = inode.isHardLink() ? firstPaths.putIfAbsent(inode.ino(), names) : null;
            if (first == null) {
                walk.spendOn(inode);
                make(parent(names), names.getLast(), inode);
            } else {
                link(first, names);
            }
        } catch (ErrnoException e) {
            throw refused(path, e);
        }
    }

    private static void checkInterrupt() throws InterruptedIOException {
        if (Thread.currentThread().isInterrupted()) {
            throw new InterruptedIOException("interrupted");
        }
    }

    private Descriptor parent(List<byte[]> names) throws ErrnoException {
        return directories.open(names.subList(0, names.size() - 1));
    }

    private void link(List<byte[]> first, List<byte[]> names) throws ErrnoException {
        // The other directory is on another path, which closes this one.
        try (Descriptor directory = parent(names).duplicate()) {
            PosixFiles.makeLink(parent(first), first.getLast(), directory, names.getLast());
        }
    }

    private void make(Descriptor directory, byte[] name, Inode inode) throws IOException {
        switch (FileMode.type(inode.mode())) {
            case FileMode.REGULAR -> {
                try (Descriptor file = PosixFiles.open(directory, name, NEW_FILE, PRIVATE_FILE)) {
                    write(inode, file);
                }
            }
            case FileMode.SYMLINK -> PosixFiles.makeSymlink(inode.symlinkTarget(), directory, name);
            case FileMode.FIFO, FileMode.SOCKET, FileMode.CHARACTER_DEVICE, FileMode.BLOCK_DEVICE -> {
                int type = FileMode.type(inode.mode());
                long device = FileMode.isDevice(inode.mode()) ? Integer.toUnsignedLong(inode.rdev()) : 0;
                PosixFiles.makeNode(directory, name, type | PRIVATE_FILE, device);
            }
            default ->
                throw new RafsFormatException(
                        "inode " + inode.ino(),
                        -1,
                        "has the unknown type 0" + Integer.toOctalString(FileMode.type(inode.mode())));
        }
        describe(directory, name, inode);
    }

    private void write(Inode inode, Descriptor file) throws IOException {
        for (long position = 0; position < inode.size(); position += buffer.position()) {
            if (data.read(inode, position, buffer.clear()) == 0) {
                throw new RafsFormatException(
                        "inode " + inode.ino(), -1, "ends after " + position + " bytes, not " + inode.size());
            }
            file.write(MemorySegment.ofBuffer(buffer.duplicate().flip()));
            checkInterrupt();
            done += buffer.position();
            progress.accept(done);
        }
    }

    /** Gives a file its attributes: the owner first, which takes capabilities and set-id bits away, the time last. */
    private void describe(Descriptor directory, byte[] name, Inode inode) throws IOException {
        if (keepsOwners) {
            PosixFiles.changeOwner(directory, name, inode.uid(), inode.gid());
        }
        // Of two with one name, the one that is set last stays.
        for (Xattr xattr : Xattr.listOf(inode).reversed()) {
            Xattrs.set(directory, name, xattr.name(), xattr.value());
        }
        if (!inode.isSymlink()) {
            PosixFiles.changeMode(directory, name, inode.mode() & 07777);
        }
        long seconds = inode.mtimeSeconds();
        PosixFiles.changeTimes(directory, name, seconds, inode.mtimeNanos(), seconds, inode.mtimeNanos());
    }

    /** Gives the directories their attributes, those below first. To be called once, at the end. */
    void finish() throws IOException {
        for (Pending directory : pending.reversed()) {
            try {
                if (directory.path.isEmpty()) {
                    describe(root, SELF, directory.inode);
                } else {
                    describe(parent(directory.path), directory.path.getLast(), directory.inode);
                }
            } catch (ErrnoException e) {
                throw refused(RafsPaths.join(directory.path), e);
            }
        }
    }

    private static IOException refused(byte[] path, ErrnoException cause) {
        return new IOException(
                "failed to unpack " + RawBytes.printable(path) + ": " + cause.call() + ": "
                        + Errno.message(cause.errno()),
                cause);
    }

    @Override
    public void close() throws ErrnoException {
        directories.close();
    }
}
