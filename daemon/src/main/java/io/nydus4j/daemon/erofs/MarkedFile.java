package io.nydus4j.daemon.erofs;

import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.fanotify.PreContentGroup;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.storage.LazyBlob;
import io.nydus4j.storage.Pin;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** A cache file that the kernel reads, and asks about before it does. Changed under the lock of {@link MarkedFiles} only. */
final class MarkedFile {
    private static final Logger LOG = System.getLogger(MarkedFile.class.getName());
    private static final int PERMISSIONS = 07777;
    private static final int ANYBODY_WRITES = 0222;
    private static final int OWNER_WRITES = 0200;

    private final PreContentGroup group;
    private final Descriptor descriptor;
    private final boolean openedMarked;
    private final List<Member> members = new CopyOnWriteArrayList<>();
    private final List<Pin> whole = new CopyOnWriteArrayList<>();
    private long mask;
    private volatile boolean marked;
    private boolean failed;

    /**
     * A blob that fills the file.
     *
     * @param blob     it
     * @param observer hears of what is read of it
     */
    record Member(LazyBlob blob, ReadObserver observer) {}

    /**
     * Makes one of an open file.
     *
     * @param openedMarked whether this process may have opened the file when it was marked already, so that it is asked about its own reads and
     *                     writes, too
     */
    MarkedFile(PreContentGroup group, Descriptor descriptor, boolean openedMarked) {
        this.group = group;
        this.descriptor = descriptor;
        this.openedMarked = openedMarked;
    }

    Descriptor descriptor() {
        return descriptor;
    }

    boolean isOpenedMarked() {
        return openedMarked;
    }

    /** Tells whether the kernel asks. */
    boolean isMarked() {
        return marked;
    }

    /** Returns who fills the file; null if nobody does any more. */
    @Nullable
    Member first() {
        for (Member member : members) {
            return member;
        }
        return null;
    }

    boolean isOf(LazyBlob blob) {
        return members.stream().anyMatch(member -> isSame(member.blob(), blob));
    }

    @SuppressWarnings("ReferenceEquality") // whether it is the very one
    private static boolean isSame(LazyBlob one, LazyBlob other) {
        return one == other;
    }

    /** Adds a blob, and has the kernel ask unless there is nothing to ask for. */
    void add(Member member) throws ErrnoException {
        boolean evicts = member.blob().evicts();
        long wanted = mask | PreContentGroup.PRE_ACCESS | (evicts ? PreContentGroup.ACCESS : 0);
        if (wanted != mask && !member.blob().isComplete()) {
            group.mark(descriptor, wanted);
            mask = wanted;
            marked = true;
        }
        members.add(member);
    }

    /** Takes a blob away; tells whether it was the last. */
    boolean remove(LazyBlob blob) {
        for (Member member : members) {
            if (isSame(member.blob(), blob)) {
                members.remove(member);
                break;
            }
        }
        return members.isEmpty();
    }

    /** Keeps all of the file for as long as it takes part. */
    void keepWhole() {
        if (whole.isEmpty()) {
            for (Member member : members) {
                whole.add(member.blob().hold(0, member.blob().size()));
            }
        }
    }

    /**
     * Stops the kernel's asking when there is nothing to ask for any more, or has it ask again for who wants to hear. Where that cannot be
     * told, for the disk does not give the chunk map, the kernel goes on as it does.
     */
    void look() {
        try {
            lookAtMembers();
        } catch (RuntimeException | Error e) {
            if (!failed) {
                LOG.log(Level.ERROR, "cannot tell whether a cache file is complete", e);
            }
            failed = true;
        }
    }

    private void lookAtMembers() {
        if (mask == 0) {
            return; // was complete when the kernel opened it: it would not ask
        }
        boolean wanted = members.stream().anyMatch(member -> member.observer().wantsAll());
        if (marked
                && !wanted
                && members.stream().anyMatch(member -> member.blob().isComplete())) {
            seal(true); // nobody will be asked any more
            unmark();
        } else if (!marked && wanted) {
            try {
                group.mark(descriptor, mask);
                marked = true;
            } catch (ErrnoException e) {
                LOG.log(Level.WARNING, "cannot mark a cache file again: " + e.getMessage());
            }
        }
    }

    /** Says whether anybody may write the file: where nobody may, no budget takes anything out of it, whichever process has one. */
    private void seal(boolean wanted) {
        try {
            int mode = descriptor.status().mode() & PERMISSIONS;
            descriptor.changeMode(wanted ? mode & ~ANYBODY_WRITES : mode | OWNER_WRITES);
        } catch (ErrnoException e) {
            LOG.log(Level.WARNING, "cannot change the mode of a cache file: " + e.getMessage());
        }
    }

    private void unmark() {
        try {
            group.unmark(descriptor, PreContentGroup.PRE_ACCESS | PreContentGroup.ACCESS);
            marked = false;
        } catch (ErrnoException e) {
            LOG.log(Level.WARNING, "cannot take a mark away: " + e.getMessage());
        }
    }

    /** Stops the kernel's asking for good; nobody reads the file any more. */
    void end() {
        if (marked) {
            unmark();
        }
        if (mask != 0) {
            seal(false);
        }
        whole.forEach(Pin::close);
        close();
    }

    /** Closes it; the kernel goes on asking whoever has the group. */
    void close() {
        try {
            descriptor.close();
        } catch (ErrnoException e) {
            LOG.log(Level.WARNING, "closing a cache file: " + e.getMessage());
        }
    }
}
