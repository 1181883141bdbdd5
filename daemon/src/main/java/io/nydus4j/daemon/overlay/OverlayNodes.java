package io.nydus4j.daemon.overlay;

import io.nydus4j.daemon.vfs.NodeNumbers;
import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.FileStatus;
import io.nydus4j.rafs.Inode;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The nodes that the kernel knows of an overlay. Numbers rise from look-up to look-up and are never used again. All names of a file are
 * one node, in the upper directory as in the image, and a file that is copied up stays the node it was.
 *
 * <p>With {@link InheritedNodes} a successor knows them too. {@link #known} may be called by any thread; all else only under the lock of {@link OverlayTree}.
 */
final class OverlayNodes implements AutoCloseable {
    /** Number of the root. */
    static final long ROOT = 1;

    private static final Logger LOG = System.getLogger(OverlayNodes.class.getName());
    private static final byte[] NO_NAME = {};

    private record Identity(long dev, long ino) {}

    private final OverlayNode root;
    private final Map<Long, OverlayNode> byNumber = new ConcurrentHashMap<>();
    private final Map<Identity, OverlayNode> byUpper = new HashMap<>();
    private final Map<OverlayNode, Identity> identities = new HashMap<>();
    private final Map<Long, OverlayNode> byLower = new HashMap<>();
    private final @Nullable InheritedNodes inherited;
    private long next;

    /**
     * Makes a table.
     *
     * @param upper the upper directory; owned by the table once this returns
     * @param lower inode number of the image's root, {@link OverlayNode#NONE} where the upper directory hides it
     * @param first number of the first node that is looked up, at least 2
     * @param inherited knows the nodes of a predecessor and is told of new ones, or null; owned likewise
     */
    OverlayNodes(Descriptor upper, long lower, long first, @Nullable InheritedNodes inherited) throws ErrnoException {
        FileStatus status = upper.status();
        root = new OverlayNode(ROOT, status.mode(), lower, upper, null, NO_NAME);
        next = first;
        byNumber.put(ROOT, root);
        put(root, status);
        this.inherited = inherited;
        findInherited();
    }

    private void findInherited() {
        if (inherited != null) {
            inherited.find(byNumber::get, this::takeOver);
        }
    }

    /** Takes a node of a predecessor over, by one look-up: how many the kernel has done, nobody knows. */
    private boolean takeOver(NotedNode noted, @Nullable Descriptor upper, boolean gone) throws ErrnoException {
        OverlayNode parent = byNumber.get(noted.parent());
        FileStatus status = upper == null ? null : upper.status();
        boolean lost = parent == null && noted.lower() != OverlayNode.NONE
                || upper == null && noted.lower() == OverlayNode.NONE
                || byLower.containsKey(noted.lower())
                || status != null && byUpper.containsKey(new Identity(status.dev(), status.ino()));
        if (lost) {
            return false;
        }
        OverlayNode node = new OverlayNode(noted.number(), noted.type(), noted.lower(), upper, parent, noted.name());
        node.gone = gone;
        enter(node);
        if (status != null) {
            put(node, status);
        }
        if (gone != noted.gone() || upper != null && noted.upper().isEmpty()) {
            note(node);
        }
        return true;
    }

    private void note(OverlayNode node) {
        if (inherited != null) {
            inherited.note(node);
        }
    }

    private void put(OverlayNode node, FileStatus status) {
        Identity identity = new Identity(status.dev(), status.ino());
        byUpper.put(identity, node);
        identities.put(node, identity);
    }

    OverlayNode root() {
        return root;
    }

    /**
     * Returns a node, or null.
     */
    @Nullable
    OverlayNode known(long number) {
        return byNumber.get(number);
    }

    /**
     * Returns a node, also one that a predecessor noted after this table was made.
     *
     * @throws ErrnoException {@code ESTALE} if there is none with this number, such as one that a predecessor gave and could not note:
     *     the kernel then looks the name up again
     */
    OverlayNode node(long number) throws ErrnoException {
        OverlayNode node = byNumber.get(number);
        if (node == null) {
            findInherited();
            node = byNumber.get(number);
        }
        if (node == null) {
            throw new ErrnoException("node", Errno.ESTALE);
        }
        return node;
    }

    /**
     * Counts a look-up of what is in the upper directory.
     *
     * @param place  owned by the table from now on
     * @param lower  the directory of the image that shows through, or {@link OverlayNode#NONE}
     * @param parent directory that it is in
     */
    OverlayNode lookedUp(Descriptor place, FileStatus status, long lower, OverlayNode parent, byte[] name)
            throws ErrnoException {
        OverlayNode node = byUpper.get(new Identity(status.dev(), status.ino()));
        if (node != null) {
            place.close();
            node.lookups++;
            return node;
        }
        node = add(status.mode(), lower, place, lower == OverlayNode.NONE ? null : parent, name);
        put(node, status);
        note(node);
        return node;
    }

    /** Counts a look-up of what is in the image alone. */
    OverlayNode lookedUp(Inode inode, OverlayNode parent, byte[] name) throws ErrnoException {
        OverlayNode node = byLower.get(inode.ino());
        if (node != null) {
            node.lookups++;
            return node;
        }
        node = add(inode.mode(), inode.ino(), null, parent, name);
        note(node);
        return node;
    }

    private OverlayNode add(int mode, long lower, @Nullable Descriptor upper, @Nullable OverlayNode parent, byte[] name)
            throws ErrnoException {
        if (next > NodeNumbers.MAX_LOCAL) {
            throw new ErrnoException("lookup", Errno.ENFILE);
        }
        OverlayNode node = new OverlayNode(next++, mode, lower, upper, parent, name);
        enter(node);
        return node;
    }

    private void enter(OverlayNode node) {
        node.lookups = 1;
        byNumber.put(node.number(), node);
        if (node.hasLower()) {
            byLower.put(node.lower(), node);
        }
        OverlayNode parent = node.parent();
        if (parent != null) {
            parent.children++;
        }
    }

    /** Says where a node of the image is in the upper directory from now on. */
    void copiedUp(OverlayNode node, Descriptor place) throws ErrnoException {
        put(node, place.status());
        node.upper(place);
        note(node);
    }

    /** Says whether a node has no name any more. */
    void gone(OverlayNode node, boolean gone) {
        node.gone = gone;
        note(node);
    }

    /** Takes look-ups back; a node without any, and without nodes below, is closed. */
    void forget(OverlayNode node, long count) {
        node.lookups -= count;
        drop(node);
    }

    private void drop(OverlayNode last) {
        OverlayNode node = last;
        while (node != null && node != root && node.lookups <= 0 && node.children == 0) {
            if (!byNumber.remove(node.number(), node)) {
                return;
            }
            if (node.hasLower()) {
                byLower.remove(node.lower(), node);
            }
            Identity identity = identities.remove(node);
            if (identity != null) {
                byUpper.remove(identity, node);
            }
            if (inherited != null) {
                inherited.forget(node.number());
            }
            close(node);
            node = node.parent();
            if (node != null) {
                node.children--;
            }
        }
    }

    private static void close(OverlayNode node) {
        Descriptor upper = node.upper();
        if (upper != null) {
            try {
                upper.close();
            } catch (ErrnoException e) {
                LOG.log(Level.WARNING, "cannot close a node: {0}", e.getMessage());
            }
        }
    }

    /** Returns the number of nodes. */
    int count() {
        return byNumber.size();
    }

    @Override
    public void close() {
        byNumber.values().forEach(OverlayNodes::close);
        byNumber.clear();
        byUpper.clear();
        byLower.clear();
        identities.clear();
        if (inherited != null) {
            inherited.close();
        }
    }
}
