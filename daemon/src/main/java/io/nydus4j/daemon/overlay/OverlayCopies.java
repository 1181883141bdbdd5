package io.nydus4j.daemon.overlay;

import io.nydus4j.daemon.fuse.LowerImage;
import io.nydus4j.daemon.passthrough.PlaceNames;
import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.PosixFiles;
import io.nydus4j.rafs.Inode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * Copies files and directories of an image to the upper directory of an {@link OverlayTree}, each once. All names of a file are copied
 * up together, so that they stay one file. The tree's lock is never held over reads of the image's data.
 */
final class OverlayCopies {
    private static final long ALL = Long.MAX_VALUE;

    private final OverlayTree tree;
    private final LowerImage image;
    private final UpperLayer upper;
    private final OverlayNodes nodes;
    private final CopyUp maker;
    private final HardLinks links;

    OverlayCopies(OverlayTree tree, OverlayNodes nodes) {
        this.tree = tree;
        this.image = tree.image();
        this.upper = tree.upper();
        this.nodes = nodes;
        this.maker = new CopyUp(image, upper);
        this.links = new HardLinks(image.bootstrap());
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
        CopyUp.Copy copy = maker.make(image.inode(directory.lower()), ALL);
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
        CompletableFuture<Boolean> running = tree.locked(() -> {
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
            CopyUp.Copy copy = maker.make(image.inode(node.lower()), length);
            tree.locked(() -> {
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

    private void end(OverlayNode node, CompletableFuture<Boolean> mine) throws IOException {
        tree.locked(() -> {
            if (node.copying == mine) {
                node.copying = null;
            }
            return true;
        });
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
                OverlayNode next = tree.lookUp(directory, name);
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
            Inode below = tree.below(directory, name);
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
}
