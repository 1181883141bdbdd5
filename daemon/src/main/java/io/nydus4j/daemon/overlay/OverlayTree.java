package io.nydus4j.daemon.overlay;

import io.nydus4j.daemon.fuse.LowerImage;
import io.nydus4j.daemon.passthrough.PlaceNames;
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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * An image and an upper directory as one tree: looks up, lists, and copies up. Semantics are those of the kernel's overlayfs without
 * redirects: a name of the upper directory hides the image's, but directories of both are merged. All names of a file of the image are
 * copied up together, so that they stay one file. {@link OverlayChanges} changes names.
 *
 * <p>The lock is held over calls on the upper directory, which is local, never over reads of the image's data.
 */
final class OverlayTree implements AutoCloseable {
    private static final byte[] DOT = {'.'};
    private static final long ALL = Long.MAX_VALUE;

    /** Guards the nodes and all names. */
    private final ReentrantLock lock = new ReentrantLock();

    private final LowerImage image;
    private final UpperLayer upper;
    private final OverlayNodes nodes;
    private final CopyUp copies;
    private final HardLinks links;

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
        this.copies = new CopyUp(image, upper);
        this.links = new HardLinks(image.bootstrap());
    }

    private static OverlayNodes nodes(Descriptor upper, long lower, OverlayPlace place) throws ErrnoException {
        InheritedNodes inherited = place.journal().isEmpty()
                ? null
                : InheritedNodes.open(place.journal().get(), place.inherited(), upper);
        try {
            return new OverlayNodes(upper, lower, place.first(), inherited);
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

    /** Returns a directory's place in the upper directory, made if need be. Under the lock. */
    Descriptor upperOf(OverlayNode directory) throws IOException {
        Descriptor above = directory.upper();
        if (above != null) {
            return above;
        }
        OverlayNode parent = directory.parent();
        if (directory.gone || parent == null) {
            throw new ErrnoException("copy up", Errno.ENOENT);
        }
        Descriptor target = upperOf(parent);
        CopyUp.Copy copy = copies.make(image.inode(directory.lower()), ALL);
        put(copy, target, directory.name());
        nodes.copiedUp(directory, copy.place());
        return copy.place();
    }

    private void put(CopyUp.Copy copy, Descriptor target, byte[] name) throws IOException {
        try {
            CopyUp.quietly(target, () -> PosixFiles.renameNew(upper.work(), copy.name(), target, name));
        } catch (IOException e) {
            copy.place().close();
            upper.discard(copy.name());
            throw e;
        }
    }

    /** Tells whether a copy of a node would take its time, so that no loop may wait for it. */
    boolean isSlow(OverlayNode node, long length) throws IOException {
        return node.upper() == null
                && node.isRegular()
                && length > 0
                && image.inode(node.lower()).size() > 0;
    }

    /** Tells whether a node is a file of the image that has other names there, which are changed only when it is copied up. */
    boolean isLinkedBelow(OverlayNode node) throws IOException {
        return node.upper() == null
                && node.isRegular()
                && image.inode(node.lower()).isHardLink();
    }

    /**
     * Has a node in the upper directory, with all its names; returns when it is there. May block on the network where {@link #isSlow} says
     * so.
     *
     * @param length how much of a file's data is wanted, in bytes
     */
    void copyUp(OverlayNode node, long length) throws IOException {
        CompletableFuture<Boolean> mine = new CompletableFuture<>();
        CompletableFuture<Boolean> running = locked(() -> {
            if (node.upper() != null) {
                return CompletableFuture.completedFuture(true);
            }
            if (node.isDirectory()) {
                upperOf(node);
                return CompletableFuture.completedFuture(true);
            }
            CompletableFuture<Boolean> other = node.copying;
            if (other != null) {
                return other;
            }
            node.copying = mine;
            return mine;
        });
        if (running != mine) {
            await(running);
            return;
        }
        try {
            CopyUp.Copy copy = copies.make(image.inode(node.lower()), length);
            locked(() -> {
                install(node, copy);
                return true;
            });
            end(node, mine);
            mine.complete(true);
        } catch (IOException | RuntimeException | Error e) {
            end(node, mine);
            mine.completeExceptionally(e);
            throw e;
        }
    }

    private void end(OverlayNode node, CompletableFuture<Boolean> mine) {
        lock.lock();
        try {
            if (node.copying == mine) {
                node.copying = null;
            }
        } finally {
            lock.unlock();
        }
    }

    private static void await(CompletableFuture<Boolean> running) throws IOException {
        try {
            running.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof IOException cause ? cause : new IOException(e.getCause());
        }
    }

    private void install(OverlayNode node, CopyUp.Copy copy) throws IOException {
        OverlayNode parent = node.parent();
        if (node.gone || parent == null) {
            PosixFiles.remove(upper.work(), copy.name()); // it lives as long as it is open
        } else {
            put(copy, upperOf(parent), node.name());
        }
        nodes.copiedUp(node, copy.place());
        Inode inode = image.inode(node.lower());
        if (inode.isHardLink() && !node.gone) {
            for (List<byte[]> path : links.of(inode.ino())) {
                linkUp(copy.place(), inode.ino(), path);
            }
        }
    }

    /** Gives a copy one more of the names that its file has in the image, if that shows the file still. */
    private void linkUp(Descriptor copy, long ino, List<byte[]> path) throws IOException {
        List<OverlayNode> held = new ArrayList<>();
        try {
            OverlayNode directory = nodes.root();
            for (byte[] name : path.subList(0, path.size() - 1)) {
                OverlayNode next = lookUp(directory, name);
                if (next == null) {
                    return;
                }
                held.add(next);
                if (!next.hasLower()) {
                    return;
                }
                directory = next;
            }
            byte[] name = path.getLast();
            Inode below = below(directory, name);
            Descriptor above = directory.upper();
            if (below == null || below.ino() != ino || above != null && isThere(above, name)) {
                return;
            }
            Descriptor target = upperOf(directory);
            CopyUp.quietly(target, () -> PosixFiles.makeLink(copy, target, name));
        } finally {
            held.reversed().forEach(node -> nodes.forget(node, 1));
        }
    }

    private static boolean isThere(Descriptor directory, byte[] name) throws ErrnoException {
        return PosixFiles.statusIfPresent(directory, PlaceNames.checked(name)).isPresent();
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
