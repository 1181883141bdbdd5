package io.nydus4j.daemon.overlay;

import io.nydus4j.daemon.passthrough.PlaceNames;
import io.nydus4j.daemon.vfs.NodeJournal;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.FileHandle;
import io.nydus4j.linux.file.FileStatus;
import io.nydus4j.linux.file.Mode;
import io.nydus4j.linux.file.OpenFlags;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Notes the nodes of an overlay for a successor, and finds those that a predecessor noted. What the upper directory's file system has no
 * handle of is not noted: its open files give {@code ESTALE} after a take-over. Used under the lock of {@link OverlayTree}.
 */
final class InheritedNodes implements AutoCloseable {
    private static final Logger LOG = System.getLogger(InheritedNodes.class.getName());

    private final NodeJournal<NotedNode> journal;
    /** The upper directory, by which its file system is found. */
    private final Descriptor fileSystem;

    private InheritedNodes(NodeJournal<NotedNode> journal, Descriptor fileSystem) {
        this.journal = journal;
        this.fileSystem = fileSystem;
    }

    /**
     * Opens the journal.
     *
     * @param path      of the file
     * @param inherited whether it is a predecessor's, which is kept
     * @param upper     the upper directory; stays the caller's
     */
    static InheritedNodes open(byte[] path, boolean inherited, Descriptor upper) throws ErrnoException {
        NodeJournal<NotedNode> journal = NodeJournal.open(path, inherited, NotedNode::read);
        try {
            return new InheritedNodes(journal, upper.reopen(OpenFlags.READ_ONLY | OpenFlags.DIRECTORY));
        } catch (ErrnoException e) {
            journal.close();
            throw e;
        }
    }

    /** Notes a node, or anew what is so of it now. */
    void note(OverlayNode node) {
        OverlayNode parent = node.parent();
        Descriptor upper = node.upper();
        try {
            journal.add(new NotedNode(
                    node.number(),
                    node.type(),
                    node.lower(),
                    parent == null ? NotedNode.NO_PARENT : parent.number(),
                    node.name(),
                    node.gone,
                    upper == null ? Optional.empty() : Optional.of(FileHandle.of(upper))));
        } catch (ErrnoException e) {
            LOG.log(Level.DEBUG, "the upper directory has no handle of a file: {0}", e.getMessage());
            journal.remove(node.number());
        }
    }

    /** Strikes a node out. */
    void forget(long number) {
        journal.remove(number);
    }

    /** Takes a node that was found. */
    @FunctionalInterface
    interface Taker {
        /**
         * Takes it.
         *
         * @param upper where it is in the upper directory, or null; the taker's from now on
         * @return false if it is none of this overlay's
         */
        boolean take(NotedNode node, @Nullable Descriptor upper, boolean gone) throws ErrnoException;
    }

    /** What has been found, or looked up, already. */
    @FunctionalInterface
    interface Nodes {
        /** Returns the node of a number, or null. */
        @Nullable
        OverlayNode of(long number);
    }

    /** Finds all nodes that are noted and not yet there, parents first, for their numbers are smaller. */
    void find(Nodes nodes, Taker taker) {
        for (NotedNode noted : journal.all()) {
            boolean taken = false;
            try {
                taken = nodes.of(noted.number()) != null || find(noted, nodes, taker);
            } catch (ErrnoException e) {
                LOG.log(Level.DEBUG, "a file of a predecessor is gone: {0}", e.getMessage());
            }
            if (!taken) {
                journal.remove(noted.number());
            }
        }
    }

    private boolean find(NotedNode noted, Nodes nodes, Taker taker) throws ErrnoException {
        Descriptor upper = null;
        boolean gone = noted.gone();
        if (noted.upper().isPresent()) {
            upper = noted.upper().get().open(fileSystem, PlaceNames.PLACE);
        } else if (!gone) {
            // the predecessor may have died between a change of the upper directory and its note
            OverlayNode parent = nodes.of(noted.parent());
            Descriptor above = parent == null ? null : parent.upper();
            upper = above == null ? null : UpperLayer.place(above, noted.name()).orElse(null);
        }
        if (upper == null) {
            return taker.take(noted, null, gone);
        }
        try {
            FileStatus status = upper.status();
            if (noted.upper().isEmpty() && UpperLayer.isWhiteout(status)) {
                upper.close();
                return taker.take(noted, null, true);
            }
            if ((status.mode() & Mode.TYPE_MASK) == noted.type() && taker.take(noted, upper, gone)) {
                return true;
            }
        } catch (ErrnoException e) {
            upper.close();
            throw e;
        }
        upper.close();
        return false;
    }

    @Override
    public void close() {
        journal.close();
        try {
            fileSystem.close();
        } catch (ErrnoException e) {
            LOG.log(Level.WARNING, "cannot close an upper directory: {0}", e.getMessage());
        }
    }
}
