package io.nydus4j.daemon.erofs;

import io.nydus4j.daemon.erofs.FillJournal.Slot;
import io.nydus4j.linux.fanotify.PreContentEvent;
import io.nydus4j.storage.LazyBlob;
import io.nydus4j.storage.Pin;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what readers were told is there until they have read it. Between the answer and the moment when the kernel copies the data
 * nobody sees what the reader does; that it is over shows when the kernel tells of the next thing that the same thread does, at the
 * latest that it has read, or when the thread ends. Safe for use by several threads; events of one thread must come in their order.
 */
final class ReaderPins {
    private static final Logger LOG = System.getLogger(ReaderPins.class.getName());

    private final FillJournal journal;
    private final JournalSlots slots;
    /** Guarded by this, as is the number below; who came first is first. */
    private final Map<Integer, Kept> byThread = new LinkedHashMap<>();

    private int passed;
    private boolean overflown;

    /** What one thread reads. Guarded by the map's lock. */
    private static final class Kept {
        /** Null if it was taken away, for there were too many. */
        private @Nullable Slot slot;

        private final FileId file;
        private final List<Pin> pins = new ArrayList<>();
        /** What a predecessor heard, until it is known which blob it is about. */
        private final Optional<PreContentEvent> event;

        Kept(Slot slot, Optional<PreContentEvent> event) {
            this.slot = slot;
            this.file = slot.file();
            this.event = event;
        }

        boolean isPassed() {
            return slot == null || slot.isPassed();
        }

        void close() {
            pins.forEach(Pin::close);
        }
    }

    ReaderPins(FillJournal journal, JournalSlots slots) {
        this.journal = journal;
        this.slots = slots;
    }

    /**
     * Says that a reader in a predecessor's journal may be reading, whether it was let through or not: nobody knows whether its answer
     * was given before the predecessor died.
     */
    synchronized void inherit(PreContentEvent event, Slot slot) {
        Kept before = byThread.get(event.thread());
        if (before != null && !before.isPassed()) {
            overflow("a thread waits twice, and nobody knows which of the two is over");
        }
        next(event.thread());
        byThread.put(event.thread(), new Kept(slot, Optional.of(event)));
        passed += slot.isPassed() ? 1 : 0;
    }

    /** Says which slot a thread is in that asks now. What it waited for before, if its answer comes late, concerns it no more. */
    synchronized void expect(int thread, Slot slot) {
        if (thread != 0) {
            byThread.put(thread, new Kept(slot, Optional.empty()));
        }
    }

    /** Keeps something for a reader that is to be let through next; lets go of it if the thread has gone on since. */
    synchronized void keep(int thread, Slot slot, Pin pin) {
        Kept kept = byThread.get(thread);
        if (kept != null && isOf(slot, kept)) {
            kept.pins.add(pin);
        } else {
            pin.close(); // it was let through by a predecessor, or was killed, and its number is another thread's now
        }
    }

    @SuppressWarnings("ReferenceEquality") // whether it is the very one
    private static boolean isOf(Slot slot, Kept kept) {
        return kept.slot == slot;
    }

    /** Says that a reader was let through. It keeps its slot until it has read, which may have been already. */
    synchronized void pass(int thread, Slot slot) {
        Kept kept = byThread.get(thread);
        if (kept == null || !isOf(slot, kept)) {
            slots.giveBack(slot);
            return;
        }
        if (passed == JournalSlots.MOST_PASSED) {
            dropEldest();
        }
        passed++;
        slots.pass(slot);
    }

    private void overflow(String problem) {
        if (!overflown) {
            overflown = true;
            LOG.log(Level.WARNING, problem);
            journal.overflow();
        }
    }

    /** Takes the slot of the reader that was let through before all others, of those that have one. A successor must trust nobody then. */
    private void dropEldest() {
        overflow("more readers than can be written down are reading");
        for (Kept kept : byThread.values()) {
            Slot slot = kept.slot;
            if (slot != null && slot.isPassed()) {
                kept.slot = null;
                passed--;
                slots.giveBack(slot);
                return;
            }
        }
        throw new IllegalStateException("there are " + passed + " readers, and none of them");
    }

    /** Says that a thread has gone on: what it was let through for last, it has read. */
    synchronized void next(int thread) {
        Kept kept = byThread.remove(thread);
        if (kept != null) {
            release(kept);
        }
    }

    private void release(Kept kept) {
        kept.close();
        Slot slot = kept.slot;
        if (slot != null && slot.isPassed()) { // else who answers it takes care of the slot
            passed--;
            slots.giveBack(slot);
        }
    }

    /** Lets go of what threads read that have ended. */
    void releaseEnded() {
        List<Integer> threads;
        synchronized (this) {
            threads = byThread.entrySet().stream()
                    .filter(entry -> entry.getValue().isPassed())
                    .map(Map.Entry::getKey)
                    .toList();
        }
        List<Integer> ended =
                threads.stream().filter(Predicate.not(ReaderPins::isAlive)).toList();
        synchronized (this) {
            for (int thread : ended) {
                Kept kept = byThread.get(thread);
                if (kept != null && kept.isPassed()) {
                    byThread.remove(thread);
                    release(kept);
                }
            }
        }
    }

    private static boolean isAlive(int thread) {
        try {
            String status = Files.readString(Path.of("/proc/" + thread + "/stat"), StandardCharsets.ISO_8859_1);
            int state = status.lastIndexOf(')') + 2;
            return state >= status.length() || status.charAt(state) != 'Z' && status.charAt(state) != 'X';
        } catch (IOException e) {
            return Files.exists(Path.of("/proc/" + thread));
        }
    }

    /** Keeps what a predecessor's readers may be reading of a blob, now that it is known. */
    void keepInherited(FileId file, LazyBlob blob) {
        List<Kept> readers;
        synchronized (this) {
            readers = byThread.values().stream()
                    .filter(kept -> kept.event.isPresent() && kept.file.equals(file))
                    .toList();
        }
        for (Kept kept : readers) {
            BlobRange range = BlobRange.of(kept.event.orElseThrow(), blob);
            Pin pin = blob.hold(range.start(), range.length());
            synchronized (this) {
                if (byThread.containsValue(kept)) {
                    kept.pins.add(pin);
                    continue;
                }
            }
            pin.close();
        }
    }

    /** Forgets a reader that was not let through, or needs nothing; its slot is still to be given back. */
    synchronized void drop(int thread, Slot slot) {
        Kept kept = byThread.get(thread);
        if (kept != null && isOf(slot, kept)) {
            byThread.remove(thread);
            kept.close();
        }
    }

    /** Lets go of all that was let through of a file that nobody reads any more. */
    synchronized void releaseAll(FileId file) {
        byThread.values().removeIf(kept -> {
            boolean over = kept.file.equals(file) && kept.isPassed();
            if (over) {
                release(kept);
            }
            return over;
        });
    }
}
