package io.nydus4j.daemon.overlay;

import io.nydus4j.daemon.passthrough.PlaceNames;
import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.RawBytes;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.DirectoryEntry;
import io.nydus4j.linux.file.DirectoryListing;
import io.nydus4j.linux.file.FileStatus;
import io.nydus4j.linux.file.Mode;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.linux.file.OpenFlags;
import io.nydus4j.linux.file.PosixFiles;
import io.nydus4j.linux.file.Xattrs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The directory that takes what changes of an image, and the work directory beside it, where things are made whole before one call puts
 * them in their place: who dies in between leaves nothing half-made.
 *
 * <p>Marks are those of the reference and of the kernel's overlayfs: a whiteout, which hides a name of the image, is a character device
 * of number 0; a directory that hides the image's has an xattr of value {@code y}, one of three names of which the first is written. Safe
 * for use by several threads.
 */
final class UpperLayer implements AutoCloseable {
    private static final byte[] WORK = {'w', 'o', 'r', 'k'};
    private static final byte[] YES = {'y'};
    private static final int WHITEOUT_MODE = Mode.CHARACTER_DEVICE | 0777;
    private static final int MAX_DEPTH = 64;
    private static final List<byte[]> OPAQUE =
            List.of(text("user.fuseoverlayfs.opaque"), text("trusted.overlay.opaque"), text("user.overlay.opaque"));

    private final Descriptor root;
    private final Descriptor work;
    private final String prefix =
            Long.toString(ProcessHandle.current().pid()) + "-" + Long.toHexString(System.nanoTime()) + "-";
    private final AtomicLong next = new AtomicLong();

    private UpperLayer(Descriptor root, Descriptor work) {
        this.root = root;
        this.work = work;
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /**
     * Opens the two directories; that of work is made if need be.
     *
     * @param inherited whether a predecessor may still be at work there
     * @throws IOException if they cannot be used, or another overlay uses them
     */
    static UpperLayer open(byte[] upper, byte[] work, boolean inherited) throws IOException {
        Descriptor root = PosixFiles.open(Descriptor.WORKING_DIRECTORY, upper, OpenFlags.PATH | OpenFlags.DIRECTORY, 0);
        try {
            Descriptor place = openWork(work);
            try {
                checkBeside(root, place);
                if (!place.tryLock(true) && !inherited) {
                    throw new IOException(
                            "the work directory " + RawBytes.printable(work) + " is in use by another overlay");
                }
                UpperLayer layer = new UpperLayer(root, place);
                if (!inherited) {
                    layer.clear(place, 0);
                }
                return layer;
            } catch (IOException e) {
                place.close();
                throw e;
            }
        } catch (IOException e) {
            root.close();
            throw e;
        }
    }

    /** Opens a directory of our own in the one for work, so that nothing else that may be there is touched. */
    private static Descriptor openWork(byte[] work) throws ErrnoException {
        make(Descriptor.WORKING_DIRECTORY, work);
        try (Descriptor parent =
                PosixFiles.open(Descriptor.WORKING_DIRECTORY, work, OpenFlags.READ_ONLY | OpenFlags.DIRECTORY, 0)) {
            make(parent, WORK);
            return PosixFiles.openDirectory(parent, WORK);
        }
    }

    private static void make(Descriptor directory, byte[] name) throws ErrnoException {
        try {
            PosixFiles.makeDirectory(directory, name, 0700);
        } catch (ErrnoException e) {
            if (e.errno() != Errno.EEXIST) {
                throw e;
            }
        }
    }

    private static void checkBeside(Descriptor root, Descriptor work) throws IOException {
        byte[] upperPath = root.path();
        byte[] workPath = work.path();
        if (root.status().dev() != work.status().dev()) {
            throw new IOException("upper_dir " + RawBytes.printable(upperPath) + " and work_dir "
                    + RawBytes.printable(workPath) + " are on different file systems");
        }
        if (NativePath.holds(upperPath, workPath)) {
            throw new IOException("work_dir " + RawBytes.printable(workPath) + " is within upper_dir");
        }
    }

    /** Returns the upper directory, as a place; whoever made the layer closes it with the nodes. */
    Descriptor root() {
        return root;
    }

    /** Returns the directory to make things in. */
    Descriptor work() {
        return work;
    }

    /** Returns a name in {@link #work} that nothing has. */
    byte[] newName() {
        return text(prefix + next.getAndIncrement());
    }

    static boolean isWhiteout(FileStatus status) {
        return (status.mode() & Mode.TYPE_MASK) == Mode.CHARACTER_DEVICE && status.rdev() == 0;
    }

    static boolean isOpaque(Descriptor directory) throws ErrnoException {
        for (byte[] mark : OPAQUE) {
            Optional<byte[]> value = Xattrs.get(directory, mark);
            if (value.isPresent() && Arrays.equals(value.get(), YES)) {
                return true;
            }
        }
        return false;
    }

    /** Makes a directory hide the image's of its name. */
    static void markOpaque(Descriptor directory) throws ErrnoException {
        Xattrs.set(directory, OPAQUE.getFirst(), YES);
    }

    /** Tells whether an xattr is a mark of the overlay, which nobody sees or sets. */
    static boolean isMark(byte[] attribute) {
        return OPAQUE.stream().anyMatch(mark -> Arrays.equals(mark, attribute));
    }

    /** Hides a name of the image that the upper directory does not have. */
    void hide(Descriptor directory, byte[] name) throws ErrnoException {
        PosixFiles.makeNode(directory, name, WHITEOUT_MODE, 0);
    }

    /** Takes what is no directory away, and hides its name, at once. */
    void replaceFile(Descriptor directory, byte[] name) throws ErrnoException {
        byte[] whiteout = newName();
        hide(work, whiteout);
        try {
            PosixFiles.rename(work, whiteout, directory, name);
        } catch (ErrnoException e) {
            PosixFiles.remove(work, whiteout);
            throw e;
        }
    }

    /** Takes a directory away in which nothing shows, and hides its name, at once. */
    void replaceDirectory(Descriptor directory, byte[] name) throws IOException {
        byte[] whiteout = newName();
        hide(work, whiteout);
        try {
            PosixFiles.exchange(work, whiteout, directory, name);
        } finally {
            discard(whiteout); // the directory, or, had it failed, the whiteout
        }
    }

    /** Takes a directory away in which nothing shows, and of whose name the image has nothing. */
    void removeDirectory(Descriptor directory, byte[] name) throws IOException {
        try {
            PosixFiles.removeDirectory(directory, name);
        } catch (ErrnoException e) {
            if (e.errno() != Errno.ENOTEMPTY) {
                throw e;
            }
            byte[] away = newName();
            PosixFiles.rename(directory, name, work, away);
            discard(away);
        }
    }

    /** Removes what is in the work directory by a name, with all below; nothing if it is gone. */
    void discard(byte[] name) throws IOException {
        remove(work, name, 0);
    }

    /** Removes all in a directory. */
    void clear(Descriptor directory, int depth) throws IOException {
        for (DirectoryEntry entry : DirectoryListing.list(directory)) {
            remove(directory, entry.name(), depth);
        }
    }

    private void remove(Descriptor directory, byte[] name, int depth) throws IOException {
        Optional<FileStatus> status = PosixFiles.statusIfPresent(directory, name);
        if (status.isEmpty()) {
            return;
        }
        if (!status.get().isDirectory()) {
            PosixFiles.remove(directory, name);
            return;
        }
        if (depth == MAX_DEPTH) {
            throw new IOException("work_dir has directories more than " + MAX_DEPTH + " deep");
        }
        try (Descriptor below = PosixFiles.openDirectory(directory, name)) {
            clear(below, depth + 1);
        }
        PosixFiles.removeDirectory(directory, name);
    }

    /** Opens what a name stands for as a place; empty if there is nothing. */
    static Optional<Descriptor> place(Descriptor directory, byte[] name) throws ErrnoException {
        try {
            return Optional.of(PosixFiles.open(directory, name, PlaceNames.PLACE, 0));
        } catch (ErrnoException e) {
            if (e.errno() == Errno.ENOENT) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** Closes the work directory. */
    @Override
    public void close() throws ErrnoException {
        work.close();
    }
}
