package io.nydus4j.daemon.overlay;

import io.nydus4j.daemon.fuse.LowerImage;
import io.nydus4j.daemon.vfs.NodeNumbers;
import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.DirectoryListing;
import io.nydus4j.linux.file.FileStatus;
import io.nydus4j.linux.file.Mode;
import io.nydus4j.linux.file.PosixFiles;
import io.nydus4j.rafs.Inode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * An image and an upper directory as one tree: looks up and lists. Semantics are those of the kernel's overlayfs without redirects: a
 * name of the upper directory hides the image's, but directories of both are merged. {@link OverlayCopies} copies up,
 * {@link OverlayChanges} changes names.
 *
 * <p>The lock is held over calls on the upper directory, which is local, never over reads of the image's data.
 */
final class OverlayTree implements AutoCloseable {
    private static final byte[] DOT = {'.'};

    /** Guards the nodes and all names. */
    private final ReentrantLock lock = new ReentrantLock();

    private final LowerImage image;
    private final UpperLayer upper;
    private final OverlayNodes nodes;
    private final OverlayCopies copies;

    /**
     * Makes a tree.
     *
     * @param upper owned by the tree once this returns
     * @param place where it is mounted
     */
    OverlayTree(LowerImage image, UpperLayer upper, OverlayPlace place) throws ErrnoException {
        this.image = image;
        this.upper = upper;
        long lower = UpperLayer.isOpaque(upper.root())
                ? OverlayNode.NONE
                : image.bootstrap().rootIno();
        this.nodes = nodes(upper.root(), lower, place);
        this.copies = new OverlayCopies(this, nodes);
    }

    private static OverlayNodes nodes(Descriptor upper, long lower, OverlayPlace place) throws ErrnoException {
        InheritedNodes inherited = place.journal().isEmpty()
                ? null
                : InheritedNodes.open(place.journal().get(), place.inherited(), upper);
        try {
            return new OverlayNodes(upper, lower, NodeNumbers.firstLocal(place.inherited()), inherited);
        } catch (ErrnoException e) {
            if (inherited != null) {
                inherited.close();
            }
            throw e;
        }
    }

    /** What is done under the lock. */
    @FunctionalInterface
    interface Action<T> {
        /** Does it. */
        T run() throws IOException;
    }

    /** Does something that nothing changes meanwhile. */
    <T> T locked(Action<T> action) throws IOException {
        lock.lock();
        try {
            return action.run();
        } finally {
            lock.unlock();
        }
    }

    LowerImage image() {
        return image;
    }

    UpperLayer upper() {
        return upper;
    }

    /** Returns what copies files of the image to the upper directory. */
    OverlayCopies copies() {
        return copies;
    }

    OverlayNode root() {
        return nodes.root();
    }

    /** Returns a node that the kernel knows. */
    OverlayNode node(long number) throws ErrnoException {
        OverlayNode node = nodes.known(number);
        if (node != null) {
            return node;
        }
        lock.lock();
        try {
            return nodes.node(number);
        } finally {
            lock.unlock();
        }
    }

    /** Does what takes the last name of a node away. Under the lock; a successor is told before, for it may have to do it again. */
    void takeAway(OverlayNode node, Removal removal) throws IOException {
        nodes.gone(node, true);
        try {
            removal.run();
        } catch (IOException e) {
            nodes.gone(node, false);
            throw e;
        }
    }

    /** What takes a name away. */
    @FunctionalInterface
    interface Removal {
        /** Takes it away. */
        void run() throws IOException;
    }

    /** Takes look-ups back. */
    void forget(OverlayNode node, long count) {
        lock.lock();
        try {
            nodes.forget(node, count);
        } finally {
            lock.unlock();
        }
    }

    /** Counts a look-up of a name, to be undone by {@link #forget}; null if the directory does not show it. */
    @Nullable
    OverlayNode lookUp(OverlayNode directory, byte[] name) throws IOException {
        lock.lock();
        try {
            if (!directory.isDirectory()) {
                throw new ErrnoException("lookup", name, Errno.ENOTDIR);
            }
            Descriptor above = directory.upper();
            Optional<Descriptor> place = above == null ? Optional.empty() : UpperLayer.place(above, name);
            if (place.isPresent()) {
                return lookedUp(directory, name, place.get());
            }
            Inode below = below(directory, name);
            return below == null ? null : nodes.lookedUp(below, directory, name);
        } finally {
            lock.unlock();
        }
    }

    private @Nullable OverlayNode lookedUp(OverlayNode directory, byte[] name, Descriptor place) throws IOException {
        try {
            FileStatus status = place.status();
            if (UpperLayer.isWhiteout(status)) {
                place.close();
                return null;
            }
            long lower = OverlayNode.NONE;
            if (status.isDirectory()) {
                Inode below = below(directory, name);
                if (below != null && below.isDirectory() && !UpperLayer.isOpaque(place)) {
                    lower = below.ino();
                }
            }
            return nodes.lookedUp(place, status, lower, directory, name);
        } catch (IOException e) {
            place.close();
            throw e;
        }
    }

    /** Returns what the image has by a name in a directory, whether or not it is hidden; null if nothing. */
    @Nullable
    Inode below(OverlayNode directory, byte[] name) throws IOException {
        return directory.hasLower() && !directory.gone ? image.child(directory.lower(), name) : null;
    }

    /**
     * A name in a listing.
     *
     * @param name the name
     * @param type type bits of the mode
     * @param ino  inode number in the layer that it is from
     */
    @SuppressWarnings("ArrayRecordComponent") // compared nowhere
    record Entry(byte[] name, int type, long ino) {}

    /** Lists what a directory shows, without {@code .} and {@code ..}. */
    List<Entry> list(OverlayNode directory) throws IOException {
        return locked(() -> {
            if (!directory.isDirectory()) {
                throw new ErrnoException("readdir", Errno.ENOTDIR);
            }
            List<Entry> entries = new ArrayList<>();
            Set<String> hidden = new HashSet<>();
            Descriptor above = directory.upper();
            if (above != null) {
                listUpper(above, directory.hasLower(), entries, hidden);
            }
            if (directory.hasLower() && !directory.gone) {
                listLower(directory.lower(), entries, hidden);
            }
            return entries;
        });
    }

    private static void listUpper(Descriptor place, boolean merged, List<Entry> entries, Set<String> hidden)
            throws IOException {
        try (Descriptor directory = PosixFiles.openDirectory(place, DOT)) {
            DirectoryListing.visit(directory, entry -> {
                int type = entry.type();
                boolean shown = true;
                if (type == Mode.CHARACTER_DEVICE || type == 0) {
                    Optional<FileStatus> status = PosixFiles.statusIfPresent(directory, entry.name());
                    shown = status.isPresent() && !UpperLayer.isWhiteout(status.get());
                    type = status.map(FileStatus::mode).orElse(0) & Mode.TYPE_MASK;
                }
                if (merged) {
                    hidden.add(key(entry.name()));
                }
                if (shown) {
                    entries.add(new Entry(entry.name(), type, entry.ino()));
                }
            });
        }
    }

    private void listLower(long ino, List<Entry> entries, Set<String> hidden) throws IOException {
        image.inode(ino).walk(0, (name, child, type, next) -> {
            boolean dots = name.length <= 2 && name[0] == '.' && name[name.length - 1] == '.';
            if (!dots && !hidden.contains(key(name))) {
                int mode = type;
                boolean shown = true;
                if (mode == Mode.CHARACTER_DEVICE || mode == 0) {
                    Inode inode = image.inode(child);
                    mode = inode.mode() & Mode.TYPE_MASK;
                    shown = !LowerImage.isWhiteout(inode);
                }
                if (shown) {
                    entries.add(new Entry(name.clone(), mode, child));
                }
            }
            return true;
        });
    }

    private static String key(byte[] name) {
        return new String(name, StandardCharsets.ISO_8859_1);
    }

    @Override
    public void close() {
        nodes.close();
        try {
            upper.close();
        } catch (ErrnoException e) {
            System.getLogger(OverlayTree.class.getName())
                    .log(System.Logger.Level.WARNING, "cannot close the work directory: {0}", e.getMessage());
        }
    }
}
