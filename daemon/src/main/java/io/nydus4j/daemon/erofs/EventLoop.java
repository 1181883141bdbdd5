package io.nydus4j.daemon.erofs;

import io.nydus4j.daemon.erofs.FillJournal.Slot;
import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.ThreadEnd;
import io.nydus4j.linux.fanotify.PreContentGroup;
import io.nydus4j.linux.socket.Readiness;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Set;

/** The thread that reads what the kernel tells, in its order, straight into the journal. What it is told to do must not block. */
final class EventLoop {
    private static final Logger LOG = System.getLogger(EventLoop.class.getName());
    /** How often it looks around. */
    private static final Duration LOOK = Duration.ofMillis(250);
    /** Events that it reads before it may look around. */
    private static final int BATCH = 256;
    /**
     * For how long it asks for the next event before it sleeps: a reader that was let through asks again within microseconds, while to
     * wake a sleeping thread takes tens of them.
     */
    private static final long ASK_NANOS = 20_000;

    /** Errors of reading that do not come of one event. */
    private static final Set<Integer> OWN_MISTAKES = Set.of(Errno.EBADF, Errno.EFAULT, Errno.EINVAL);

    private static final boolean MAY_ASK = Runtime.getRuntime().availableProcessors() > 1;

    private final PreContentGroup group;
    private final JournalSlots slots;
    private final Handler handler;
    private final Thread thread =
            Thread.ofPlatform().daemon().name("nydus-fanotify").unstarted(this::run);
    private volatile boolean stopped;

    /** What is done on the thread. */
    interface Handler {
        /** Handles the event in a slot, which belongs to the handler from now on. */
        void handle(Slot slot);

        /** Looks around, now and then. */
        void look();
    }

    EventLoop(PreContentGroup group, JournalSlots slots, Handler handler) {
        this.group = group;
        this.slots = slots;
        this.handler = handler;
    }

    void start() {
        thread.start();
    }

    private void run() {
        try {
            long next = System.nanoTime();
            while (!stopped) {
                boolean any = Readiness.awaitInput(group.descriptor(), LOOK);
                if (System.nanoTime() - next >= 0) {
                    guarded(handler::look);
                    next = System.nanoTime() + LOOK.toNanos();
                }
                if (any) {
                    readEvents();
                }
            }
        } catch (IOException e) {
            LOG.log(Level.ERROR, "the kernel's readers are no longer answered: " + e.getMessage());
        }
    }

    private void readEvents() throws IOException {
        for (int i = 0; i < BATCH && !stopped; i++) {
            Slot slot = slots.take();
            if (slot == null) {
                return;
            }
            try {
                if (!isRead(slot, i > 0)) {
                    slots.giveBack(slot);
                    return;
                }
            } catch (ErrnoException e) {
                slots.giveBack(slot);
                if (OWN_MISTAKES.contains(e.errno())) {
                    throw e;
                }
                // The kernel could not open the file for this process, and refused that reader.
                LOG.log(Level.ERROR, "a reader was refused: " + e.getMessage());
                return;
            }
            guarded(() -> handler.handle(slot));
        }
    }

    /**
     * Does something for one reader or file. Whatever goes wrong, such as a file on a bad disk that is mapped into memory, must not keep all
     * other readers waiting for good.
     */
    private static void guarded(Runnable action) {
        try {
            action.run();
        } catch (RuntimeException | Error e) {
            LOG.log(Level.ERROR, "a reader may get no answer", e);
        }
    }

    /** Reads the next event into a slot; returns false if there is none. */
    private boolean isRead(Slot slot, boolean expected) throws IOException {
        if (group.read(slot.event())) {
            return true;
        }
        if (!expected || !MAY_ASK) {
            return false;
        }
        long until = System.nanoTime() + ASK_NANOS;
        do {
            Thread.onSpinWait();
            if (group.read(slot.event())) {
                return true;
            }
        } while (System.nanoTime() - until < 0 && !stopped);
        return false;
    }

    /** Ends the thread, once it has done what it does. */
    void stop() {
        stopped = true;
        slots.close();
        ThreadEnd.await(thread);
    }
}
