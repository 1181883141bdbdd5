package io.nydus4j.daemon.overlay;

import io.nydus4j.daemon.passthrough.PlaceNames;
import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.DirectoryEntry;
import io.nydus4j.linux.file.DirectoryListing;
import io.nydus4j.linux.file.FileStatus;
import io.nydus4j.linux.file.Mode;
import io.nydus4j.linux.file.PosixFiles;
import io.nydus4j.rafs.Inode;
import java.io.IOException;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Changes names of an overlay. Each change is one call that the upper file system does whole or not at all; what has to be made before is
 * made in the work directory. Files of the image that a change is about have been copied up before.
 */
final class OverlayChanges {
    private static final byte[] DOT = {'.'};
    private static final int NO_REPLACE = 1;
    private static final int EXCHANGE = 2;
    private static final int WHITEOUT = 4;

    private final OverlayTree tree;
    private final OverlayCopies copies;
    private final UpperLayer upper;

    OverlayChanges(OverlayTree tree) {
        this.tree = tree;
        this.copies = tree.copies();
        this.upper = tree.upper();
    }

    /** Makes something by a name in a directory of the host. */
    @FunctionalInterface
    interface Maker {
        /** Makes it, where nothing is. */
        void make(Descriptor directory, byte[] name) throws IOException;
    }

    /**
     * Makes something that was not there.
     *
     * @throws ErrnoException {@code EEXIST} if there is something
     */
    void make(OverlayNode directory, byte[] name, boolean isDirectory, Maker maker) throws IOException {
        tree.locked(() -> {
            Descriptor parent = copies.upperOf(directory);
            checkNamed(directory);
            Inode below = tree.below(directory, name);
            Optional<FileStatus> there = PosixFiles.statusIfPresent(parent, name);
            if (there.isPresent() ? !UpperLayer.isWhiteout(there.get()) : below != null) {
                throw new ErrnoException("make", name, Errno.EEXIST);
            }
            if (there.isEmpty()) {
                maker.make(parent, name);
            } else {
                makeOver(parent, name, isDirectory, below, maker);
            }
            return true;
        });
    }

    /** Refuses a directory that was removed: who is still in it can make nothing there. */
    private static void checkNamed(OverlayNode directory) throws ErrnoException {
        if (directory.gone) {
            throw new ErrnoException("make", Errno.ENOENT);
        }
    }

    /** Makes something in the place of a whiteout. */
    private void makeOver(Descriptor parent, byte[] name, boolean isDirectory, @Nullable Inode below, Maker maker)
            throws IOException {
        byte[] made = upper.newName();
        try {
            maker.make(upper.work(), made);
            inheritGroup(parent, made);
            if (isDirectory) {
                if (below != null && below.isDirectory()) {
                    try (Descriptor place = PosixFiles.open(upper.work(), made, PlaceNames.PLACE, 0)) {
                        UpperLayer.markOpaque(place);
                    }
                }
                PosixFiles.exchange(upper.work(), made, parent, name);
                PosixFiles.remove(upper.work(), made);
            } else {
                PosixFiles.rename(upper.work(), made, parent, name);
            }
        } catch (IOException e) {
            upper.discard(made);
            throw e;
        }
    }

    /** Gives what was made elsewhere the group of its directory, where that hands it on. */
    private void inheritGroup(Descriptor parent, byte[] made) throws IOException {
        FileStatus above = parent.status();
        if ((above.mode() & Mode.SET_GID) == 0) {
            return;
        }
        try (Descriptor place = PosixFiles.open(upper.work(), made, PlaceNames.PLACE, 0)) {
            FileStatus status = place.status();
            int mode = status.isDirectory() ? status.mode() | Mode.SET_GID : status.mode();
            place.changeOwner(-1, above.gid());
            if (!status.isSymlink()) {
                place.changeModeOfPlace(mode & Mode.PERMISSION_MASK);
            }
        }
    }

    /** Gives a node of the upper directory another name. */
    void link(OverlayNode node, OverlayNode directory, byte[] name) throws IOException {
        Descriptor file = Objects.requireNonNull(node.upper());
        make(directory, name, false, (parent, made) -> PosixFiles.makeLink(file, parent, made));
    }

    /** Removes a name that is not a directory's. */
    void unlink(OverlayNode directory, byte[] name) throws IOException {
        onChild(directory, name, child -> {
            if (child.isDirectory()) {
                throw new ErrnoException("unlink", name, Errno.EISDIR);
            }
            if (tree.below(directory, name) == null) {
                PosixFiles.remove(copies.upperOf(directory), name);
            } else if (child.upper() == null) {
                Descriptor parent = copies.upperOf(directory);
                tree.takeAway(child, () -> upper.hide(parent, name));
            } else {
                upper.replaceFile(copies.upperOf(directory), name);
            }
        });
    }

    /** Removes a directory in which nothing shows. */
    void rmdir(OverlayNode directory, byte[] name) throws IOException {
        onChild(directory, name, child -> {
            if (!child.isDirectory()) {
                throw new ErrnoException("rmdir", name, Errno.ENOTDIR);
            }
            checkEmpty(child, name);
            boolean hides = tree.below(directory, name) != null;
            Descriptor parent = copies.upperOf(directory);
            tree.takeAway(child, () -> {
                if (child.upper() == null) {
                    upper.hide(parent, name);
                } else if (hides) {
                    upper.replaceDirectory(parent, name);
                } else {
                    upper.removeDirectory(parent, name);
                }
            });
        });
    }

    private void checkEmpty(OverlayNode directory, byte[] name) throws IOException {
        if (!tree.list(directory).isEmpty()) {
            throw new ErrnoException("rmdir", name, Errno.ENOTEMPTY);
        }
    }

    /** What is done with a child, under the lock. */
    @FunctionalInterface
    private interface OnChild {
        void run(OverlayNode child) throws IOException;
    }

    private void onChild(OverlayNode directory, byte[] name, OnChild action) throws IOException {
        tree.locked(() -> {
            OverlayNode child = tree.lookUp(directory, name);
            if (child == null) {
                throw new ErrnoException("lookup", name, Errno.ENOENT);
            }
            try {
                action.run(child);
            } finally {
                tree.forget(child, 1);
            }
            return true;
        });
    }

    /**
     * Renames.
     *
     * @param flags those of {@code renameat2}
     * @throws ErrnoException {@code EXDEV} for a directory that the image shows through, as overlayfs has it: who asked copies it
     */
    void rename(OverlayNode from, byte[] oldName, OverlayNode to, byte[] newName, int flags) throws IOException {
        if ((flags & ~(NO_REPLACE | EXCHANGE)) != 0) {
            throw new ErrnoException("rename", newName, Errno.EINVAL);
        }
        onChild(from, oldName, source -> {
            checkMovable(source, oldName);
            checkNamed(to);
            OverlayNode target = tree.lookUp(to, newName);
            try {
                if (target == null) {
                    if (flags == EXCHANGE) {
                        throw new ErrnoException("rename", newName, Errno.ENOENT);
                    }
                    move(from, oldName, source, to, newName);
                } else if (flags == EXCHANGE) {
                    exchange(from, oldName, source, to, newName, target);
                } else if ((flags & NO_REPLACE) != 0) {
                    throw new ErrnoException("rename", newName, Errno.EEXIST);
                } else if (target != source) {
                    replace(from, oldName, source, to, newName, target);
                }
            } finally {
                if (target != null) {
                    tree.forget(target, 1);
                }
            }
        });
    }

    private static void checkMovable(OverlayNode node, byte[] name) throws ErrnoException {
        if (node.isDirectory() && node.hasLower()) {
            throw new ErrnoException("rename", name, Errno.EXDEV);
        }
    }

    private void exchange(
            OverlayNode from, byte[] oldName, OverlayNode source, OverlayNode to, byte[] newName, OverlayNode target)
            throws IOException {
        checkMovable(target, newName);
        hideBelow(source, to, newName);
        hideBelow(target, from, oldName);
        PosixFiles.exchange(copies.upperOf(from), oldName, copies.upperOf(to), newName);
    }

    /** Has a directory that comes to a place hide what the image has there. */
    private void hideBelow(OverlayNode moved, OverlayNode directory, byte[] name) throws IOException {
        Descriptor place = moved.upper();
        if (moved.isDirectory() && place != null && tree.below(directory, name) != null) {
            UpperLayer.markOpaque(place);
        }
    }

    private void replace(
            OverlayNode from, byte[] oldName, OverlayNode source, OverlayNode to, byte[] newName, OverlayNode target)
            throws IOException {
        if (target.isDirectory() != source.isDirectory()) {
            throw new ErrnoException("rename", newName, target.isDirectory() ? Errno.EISDIR : Errno.ENOTDIR);
        }
        Descriptor place = target.upper();
        if (target.isDirectory()) {
            checkEmpty(target, newName);
            if (place != null) {
                clear(target, place);
            }
        }
        if (target.isDirectory() || place == null) {
            tree.takeAway(target, () -> move(from, oldName, source, to, newName));
        } else {
            move(from, oldName, source, to, newName);
        }
    }

    /** Removes the whiteouts of a directory in which nothing shows, after it no longer needs them. */
    private static void clear(OverlayNode directory, Descriptor place) throws IOException {
        try (Descriptor open = PosixFiles.openDirectory(place, DOT)) {
            for (DirectoryEntry entry : DirectoryListing.list(open)) {
                if (directory.hasLower()) {
                    UpperLayer.markOpaque(place);
                }
                PosixFiles.remove(open, entry.name());
            }
        }
    }

    /** Moves what is in the upper directory to where nothing shows, or only what it may replace; hides the image's old name if it has one. */
    private void move(OverlayNode from, byte[] oldName, OverlayNode source, OverlayNode to, byte[] newName)
            throws IOException {
        Descriptor oldParent = copies.upperOf(from);
        Descriptor newParent = copies.upperOf(to);
        boolean leavesHole = tree.below(from, oldName) != null;
        hideBelow(source, to, newName);
        boolean overWhiteout = PosixFiles.statusIfPresent(newParent, newName)
                .filter(UpperLayer::isWhiteout)
                .isPresent();
        if (source.isDirectory() && overWhiteout) { // no call replaces a file by a directory
            PosixFiles.exchange(oldParent, oldName, newParent, newName);
            if (!leavesHole) {
                PosixFiles.remove(oldParent, oldName);
            }
            return;
        }
        try {
            PosixFiles.rename(oldParent, oldName, newParent, newName, leavesHole ? WHITEOUT : 0);
        } catch (ErrnoException e) {
            throw leavesHole && e.errno() == Errno.EINVAL ? new ErrnoException("rename", newName, Errno.EXDEV) : e;
        }
    }
}
