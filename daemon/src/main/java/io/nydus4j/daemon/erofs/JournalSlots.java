package io.nydus4j.daemon.erofs;

import io.nydus4j.daemon.erofs.FillJournal.Slot;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Gives out the slots of a journal. Each reader that waits has a descriptor, so only so many wait at a time: the kernel would refuse
 * readers if descriptors ran out. Safe for use by several threads.
 */
final class JournalSlots {
    /** Readers that wait at a time. */
    private static final int MOST_WAITING = 2048;
    /** Readers that were let through and keep their slots. */
    static final int MOST_PASSED = 6 * 1024;

    private final FillJournal journal;
    private final List<Slot> inherited = new ArrayList<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    /** Guarded by the lock, as are the fields below. */
    private final Deque<Slot> free = new ArrayDeque<>();
    /** Index of the first slot that was never used. */
    private int fresh;

    private int waiting;
    /** Of those that wait. */
    private int aside;

    private boolean closed;

    private JournalSlots(FillJournal journal) {
        this.journal = journal;
    }

    /** Returns how many slots a journal needs. */
    static int count() {
        return MOST_WAITING + MOST_PASSED;
    }

    /** Gives out the slots of a journal that nobody has used yet. */
    static JournalSlots ofNew(FillJournal journal) {
        return new JournalSlots(journal);
    }

    /** Gives out the slots of a predecessor's journal that are free, and those that are not by {@link #inherited}. */
    static JournalSlots ofPredecessor(FillJournal journal) {
        JournalSlots slots = new JournalSlots(journal);
        for (Slot slot : journal.slots()) {
            if (slot.isFree()) {
                slots.free.add(slot);
            } else {
                slots.inherited.add(slot);
                slots.waiting += slot.isPassed() ? 0 : 1;
            }
        }
        slots.fresh = journal.count();
        slots.inherited.sort(Comparator.comparing(Slot::isPassed).reversed());
        return slots;
    }

    /** Returns the slots that a predecessor left in use; first those of who was let through, as what a thread did then came later. */
    List<Slot> inherited() {
        return inherited;
    }

    /** Takes a slot for a reader that is to wait; waits itself while too many do. Returns null once closed. */
    @Nullable
    Slot take() {
        lock.lock();
        try {
            while (waiting >= MOST_WAITING && !closed) {
                changed.awaitUninterruptibly();
            }
            if (closed) {
                return null;
            }
            waiting++;
            Slot used = free.poll();
            Slot slot = used != null ? used : journal.slot(fresh++);
            slot.clear();
            return slot;
        } finally {
            lock.unlock();
        }
    }

    /** Says that the reader in a slot was let through, and may be reading: it keeps the slot, but waits no more. */
    void pass(Slot slot) {
        lock.lock();
        try {
            slot.pass();
            waiting--;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Takes back a slot whose reader needs nothing any more. */
    void giveBack(Slot slot) {
        lock.lock();
        try {
            waiting -= slot.isPassed() ? 0 : 1;
            slot.free();
            free.add(slot);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Says that one of those who wait is left to a successor. */
    void setAside() {
        lock.lock();
        try {
            aside++;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Gives out no more. */
    void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Waits until no reader waits but those that were {@linkplain #setAside set aside}. */
    void awaitNobodyWaiting() {
        lock.lock();
        try {
            while (waiting > aside) {
                changed.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
    }
}
