package io.nydus4j.daemon.passthrough;

import io.nydus4j.daemon.passthrough.SharedNode.Identity;
import io.nydus4j.daemon.vfs.NodeJournal;
import io.nydus4j.daemon.vfs.NodeNumbers;
import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.FileHandle;
import io.nydus4j.linux.file.FileStatus;
import io.nydus4j.linux.file.OpenFlags;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The nodes that the kernel knows of a shared directory: each has a number and an open descriptor until the kernel forgets it.
 *
 * <p>Numbers rise from look-up to look-up and are never used again. With a {@link NodeJournal} a successor knows them, and opens a node
 * anew by the handle that the host's file system gave, when the kernel asks for it. Safe for use by several threads.
 */
final class SharedNodes implements AutoCloseable {
    /** Number of the shared directory itself. */
    static final long ROOT = 1;

    private static final Logger LOG = System.getLogger(SharedNodes.class.getName());

    private final SharedNode root;
    private final Map<Long, SharedNode> byNumber = new ConcurrentHashMap<>();
    /** Guarded by this, as are the fields below. */
    private final Map<Identity, SharedNode> byIdentity = new HashMap<>();

    private final Map<SharedNode, Long> lookups = new HashMap<>();
    private long next;
    private final @Nullable NodeJournal<KnownNode> journal;
    /** The shared directory, by which its file system is found; only with a journal. */
    private final @Nullable Descriptor fileSystem;

    /**
     * Makes a table.
     *
     * @param place  the shared directory; owned by the table once this returns
     * @param status its status
     * @param first  number of the first node that is looked up, at least 2
     * @param journal knows the nodes of a predecessor and is told of new ones, or null; owned likewise
     */
    SharedNodes(Descriptor place, FileStatus status, long first, @Nullable NodeJournal<KnownNode> journal)
            throws ErrnoException {
        this.journal = journal;
        this.fileSystem = journal == null ? null : place.reopen(OpenFlags.READ_ONLY | OpenFlags.DIRECTORY);
        root = new SharedNode(ROOT, place, Identity.of(status), status.mode());
        byNumber.put(ROOT, root);
        byIdentity.put(root.identity(), root);
        next = first;
    }

    /** Returns the shared directory. */
    SharedNode root() {
        return root;
    }

    /**
     * Returns a node.
     *
     * @throws ErrnoException {@code ESTALE} if there is none with this number, such as one that a predecessor gave: the kernel then
     *     looks the name up again
     */
    SharedNode node(long number) throws ErrnoException {
        SharedNode node = byNumber.get(number);
        return node == null ? inherited(number) : node;
    }

    /** Opens a node that a predecessor gave, if it is still there. */
    private synchronized SharedNode inherited(long number) throws ErrnoException {
        SharedNode node = byNumber.get(number);
        if (node != null) {
            return node;
        }
        KnownNode known = journal == null ? null : journal.known(number);
        if (known == null || fileSystem == null) {
            throw new ErrnoException("node", Errno.ESTALE);
        }
        Descriptor place;
        try {
            place = known.handle().open(fileSystem, PlaceNames.PLACE);
        } catch (ErrnoException e) {
            LOG.log(Level.DEBUG, "a file of a predecessor is gone: {0}", e.getMessage());
            throw new ErrnoException("node", Errno.ESTALE);
        }
        FileStatus status = place.status();
        if (!Identity.of(status).equals(known.identity()) || byIdentity.containsKey(known.identity())) {
            place.close();
            throw new ErrnoException("node", Errno.ESTALE);
        }
        return put(number, place, status, 0);
    }

    private SharedNode put(long number, Descriptor place, FileStatus status, long count) {
        SharedNode node = new SharedNode(number, place, Identity.of(status), status.mode());
        byNumber.put(number, node);
        byIdentity.put(node.identity(), node);
        lookups.put(node, count);
        return node;
    }

    /** Tells whether the kernel knows an inode. */
    synchronized boolean isKnown(FileStatus status) {
        return byIdentity.containsKey(Identity.of(status));
    }

    /**
     * Counts a look-up of a node, to be undone by {@link #forget}.
     *
     * @param place  the node, opened as a place; owned by the table from now on
     * @param status its status
     */
    synchronized SharedNode lookedUp(Descriptor place, FileStatus status) throws ErrnoException {
        Identity identity = Identity.of(status);
        SharedNode known = byIdentity.get(identity);
        if (known != null) {
            place.close();
            if (known.number() != ROOT) {
                lookups.merge(known, 1L, Long::sum);
            }
            return known;
        }
        if (next > NodeNumbers.MAX_LOCAL) {
            place.close();
            throw new ErrnoException("lookup", Errno.ENFILE);
        }
        return put(number(place, identity), place, status, 1);
    }

    /** Returns the number of an inode: what a predecessor gave it, or a new one. */
    private long number(Descriptor place, Identity identity) {
        if (journal == null || identity.dev() != root.identity().dev()) {
            return next++;
        }
        try {
            FileHandle handle = FileHandle.of(place);
            KnownNode known = journal.knownBy(identity);
            if (known != null && known.handle().equals(handle) && !byNumber.containsKey(known.number())) {
                return known.number();
            }
            journal.add(new KnownNode(next, identity, handle));
        } catch (ErrnoException e) {
            LOG.log(Level.DEBUG, "the host has no handle of a file: {0}", e.getMessage());
        }
        return next++;
    }

    /** Takes look-ups back; a node without any is closed. */
    synchronized void forget(long number, long count) {
        SharedNode node = byNumber.get(number);
        if (number == ROOT) {
            return;
        }
        if (node == null) {
            strikeOut(number);
            return;
        }
        long left = lookups.getOrDefault(node, 0L) - count;
        if (left > 0) {
            lookups.put(node, left);
            return;
        }
        lookups.remove(node);
        byNumber.remove(number);
        byIdentity.remove(node.identity());
        strikeOut(number);
        close(node);
    }

    private void strikeOut(long number) {
        if (journal != null) {
            journal.remove(number);
        }
    }

    /** Returns the number of nodes, the shared directory among them. */
    int count() {
        return byNumber.size();
    }

    private static void close(SharedNode node) {
        try {
            node.place().close();
        } catch (ErrnoException e) {
            LOG.log(Level.WARNING, "cannot close a node: {0}", e.getMessage());
        }
    }

    /** Closes all nodes; no request is under way. */
    @Override
    public synchronized void close() {
        byNumber.values().forEach(SharedNodes::close);
        byNumber.clear();
        byIdentity.clear();
        lookups.clear();
        if (journal != null) {
            journal.close();
        }
        if (fileSystem != null) {
            try {
                fileSystem.close();
            } catch (ErrnoException e) {
                LOG.log(Level.WARNING, "cannot close a shared directory: {0}", e.getMessage());
            }
        }
    }
}
