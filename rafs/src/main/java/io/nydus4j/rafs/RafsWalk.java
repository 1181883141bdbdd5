package io.nydus4j.rafs;

import io.nydus4j.blob.RafsFormatException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Walks a tree depth first, a directory before its children, children in stored order.
 *
 * <p>Depth costs no stack. A directory that comes twice, or a path longer than {@value #MAX_PATH} bytes, ends the walk with an error,
 * so that a hostile image cannot keep it going.
 */
public final class RafsWalk {
    /** Longest path in bytes; sixteen times what Linux takes. */
    public static final int MAX_PATH = 0x1_0000;

    /** Takes the inodes of a walk. */
    @FunctionalInterface
    public interface Visitor {
        /**
         * Takes an inode.
         *
         * @param path absolute path in the image
         * @return whether to go on
         * @throws IOException to end the walk
         */
        boolean visit(Inode inode, byte[] path) throws IOException;
    }

    /**
     * An inode and where it was found.
     *
     * @param inode a view, valid as long as its bootstrap is open
     * @param path  absolute path in the image
     */
    public record Entry(Inode inode, byte[] path) {}

    /** A name of a directory that is still to be visited. */
    private record Pending(byte[] directory, byte[] name, long ino) {}

    private final Bootstrap bootstrap;
    /** The next one on top. */
    private final Deque<Pending> pending = new ArrayDeque<>();

    private final Set<Long> directories = new HashSet<>();
    /** The directory whose children come next. */
    private @Nullable Entry entered;

    private RafsWalk(Bootstrap bootstrap) {
        this.bootstrap = bootstrap;
    }

    /**
     * Visits a directory and all below it.
     *
     * @param ino        number of a directory
     * @param parentPath path of the directory's parent; if empty, the directory counts as {@code /}
     * @throws RafsFormatException if {@code ino} is no directory, or something is broken
     * @throws IOException         if the visitor says so
     */
    public static void walkDirectory(Bootstrap bootstrap, long ino, Optional<byte[]> parentPath, Visitor visitor)
            throws IOException {
        Inode start = bootstrap.inode(ino);
        if (!start.isDirectory()) {
            throw new RafsFormatException("inode " + ino, -1, "inode " + ino + " is not a directory");
        }
        byte[] path = RafsPaths.join(List.of());
        if (parentPath.isPresent()) {
            byte[] own = bootstrap.path(ino);
            List<byte[]> names = own == null ? List.of() : RafsPaths.components(own);
            path = RafsPaths.child(parentPath.get(), names.isEmpty() ? path : names.getLast());
        }
        RafsWalk walk = new RafsWalk(bootstrap);
        Entry entry = walk.enter(start, path);
        while (entry != null && visitor.visit(entry.inode(), entry.path())) {
            entry = walk.next();
        }
    }

    /**
     * Returns all inodes of an image from the root on. Children that are broken are logged and left out; a broken root leaves nothing.
     */
    public static Iterator<Entry> iterator(Bootstrap bootstrap) {
        return new Lenient(new RafsWalk(bootstrap));
    }

    private Entry enter(Inode inode, byte[] path) throws RafsFormatException {
        if (path.length > MAX_PATH) {
            throw new RafsFormatException("inode " + inode.ino(), -1, "its path is longer than " + MAX_PATH + " bytes");
        }
        Entry entry = new Entry(inode, path);
        if (inode.isDirectory()) {
            if (!directories.add(inode.ino())) {
                throw new RafsFormatException("inode " + inode.ino(), -1, "the directory comes twice in the tree");
            }
            entered = entry;
        }
        return entry;
    }

    /** Returns the next inode, or null at the end. After an exception the walk goes on behind what was broken. */
    private @Nullable Entry next() throws RafsFormatException {
        Entry directory = entered;
        if (directory != null) {
            entered = null;
            List<Pending> children = new ArrayList<>();
            try {
                directory.inode().walk(0, (name, ino, type, nextOffset) -> {
                    if (!RafsPaths.isDots(name)) {
                        children.add(new Pending(directory.path(), name, ino));
                    }
                    return true;
                });
            } finally {
                children.reversed().forEach(pending::push);
            }
        }
        Pending first = pending.poll();
        return first == null
                ? null
                : enter(bootstrap.inode(first.ino()), RafsPaths.child(first.directory(), first.name()));
    }

    /** Goes on after broken inodes. */
    private static final class Lenient implements Iterator<Entry> {
        private static final System.Logger LOG = System.getLogger(RafsWalk.class.getName());

        private final RafsWalk walk;
        private @Nullable Entry upcoming;

        Lenient(RafsWalk walk) {
            this.walk = walk;
            try {
                upcoming = walk.enter(walk.bootstrap.root(), RafsPaths.join(List.of()));
            } catch (RafsFormatException e) {
                LOG.log(System.Logger.Level.WARNING, "cannot read the root: {0}", e.getMessage());
            }
        }

        @Override
        public boolean hasNext() {
            return upcoming != null;
        }

        @Override
        public Entry next() {
            Entry entry = upcoming;
            if (entry == null) {
                throw new NoSuchElementException();
            }
            while (true) {
                try {
                    upcoming = walk.next();
                    return entry;
                } catch (RafsFormatException e) {
                    LOG.log(System.Logger.Level.WARNING, "left out of the tree: {0}", e.getMessage());
                }
            }
        }
    }
}
