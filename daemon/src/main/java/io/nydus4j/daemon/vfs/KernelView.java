package io.nydus4j.daemon.vfs;

import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.fuse.FuseSession;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes the kernel look again where mounts come and go. Does nothing before there is a session, nor for what the kernel does not know.
 * Never called by a loop, for the kernel waits for answers while it forgets.
 */
final class KernelView {
    private static final Logger LOG = System.getLogger(KernelView.class.getName());

    private volatile @Nullable FuseSession session;

    /** Says to which session the file systems belong. */
    void session(FuseSession opened) {
        session = opened;
    }

    /** Tells whether the kernel knows a node of the file system with an index, or did when its look-ups were last counted. */
    boolean knows(int index) {
        FuseSession current = session;
        return current != null && current.lookups(index) > 0;
    }

    /** Lets the kernel look up a directory again, and list those above it. */
    void forget(PseudoDirectory directory) {
        for (PseudoDirectory above = directory.parent(); ; above = above.parent()) {
            forgetNode(above.ino());
            if (above.ino() == NodeNumbers.ROOT) {
                break;
            }
        }
        forgetEntry(directory.parent().ino(), directory.name());
    }

    /** Lets the kernel look at the root again, and look up names in it. */
    void forgetRoot(List<byte[]> names) {
        forgetNode(NodeNumbers.ROOT);
        for (byte[] name : names) {
            forgetEntry(NodeNumbers.ROOT, name);
        }
    }

    private void forgetNode(long node) {
        FuseSession current = session;
        if (current != null) {
            try {
                current.invalidateNode(node, 0, 0);
            } catch (ErrnoException e) {
                LOG.log(Level.WARNING, "the kernel keeps its view of node " + node + ": " + e.getMessage());
            }
        }
    }

    private void forgetEntry(long parent, byte[] name) {
        FuseSession current = session;
        if (current != null) {
            try {
                current.invalidateEntry(parent, name);
            } catch (ErrnoException e) {
                LOG.log(Level.WARNING, "the kernel keeps an entry of node " + parent + ": " + e.getMessage());
            }
        }
    }
}
