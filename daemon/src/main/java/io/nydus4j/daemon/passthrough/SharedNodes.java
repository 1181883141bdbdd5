package io.nydus4j.daemon.passthrough;

import io.nydus4j.daemon.passthrough.SharedNode.Identity;
import io.nydus4j.daemon.vfs.NodeNumbers;
import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.FileStatus;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The nodes that the kernel knows of a shared directory: each has a number and an open descriptor until the kernel forgets it.
 *
 * <p>Numbers rise from look-up to look-up and are never used again. Safe for use by several threads.
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

    /**
     * Makes a table.
     *
     * @param place  the shared directory; owned by the table once this returns
     * @param status its status
     * @param first  number of the first node that is looked up, at least 2
     */
    SharedNodes(Descriptor place, FileStatus status, long first) {
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
        if (node == null) {
            throw new ErrnoException("node", Errno.ESTALE);
        }
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
        SharedNode node = new SharedNode(next++, place, identity, status.mode());
        byNumber.put(node.number(), node);
        byIdentity.put(identity, node);
        lookups.put(node, 1L);
        return node;
    }

    /** Takes look-ups back; a node without any is closed. */
    synchronized void forget(long number, long count) {
        SharedNode node = byNumber.get(number);
        if (node == null || number == ROOT) {
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
        close(node);
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
    }
}
