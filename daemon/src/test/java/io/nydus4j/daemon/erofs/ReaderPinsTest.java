package io.nydus4j.daemon.erofs;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.daemon.erofs.FillJournal.Slot;
import io.nydus4j.linux.fanotify.PreContentEvent;
import io.nydus4j.linux.fanotify.PreContentGroup;
import io.nydus4j.storage.Pin;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How long what readers were let through to is kept, by what the kernel tells of them. */
class ReaderPinsTest {
    private static final FileId FILE = new FileId(7, 8);

    @TempDir
    Path directory;

    private FillJournal journal;
    private JournalSlots slots;
    private ReaderPins pins;
    /** What is kept, by the starts of the ranges or whatever the test says. */
    private final List<Long> kept = new ArrayList<>();

    @BeforeEach
    void open() throws IOException {
        journal = FillJournal.open(directory.resolve("journal"), JournalSlots.count());
        slots = JournalSlots.ofNew(journal);
        pins = new ReaderPins(journal, slots);
    }

    private Pin pin(long name) {
        kept.add(name);
        return () -> kept.remove(name);
    }

    private Slot taken() {
        Slot slot = slots.take();
        assertThat(slot).isNotNull();
        return slot;
    }

    private Slot hear(long mask, int thread, long offset) {
        Slot slot = taken();
        write(slot, mask, thread, offset);
        pins.next(thread);
        pins.expect(thread, slot);
        return slot;
    }

    /** Writes an event as the kernel does. */
    private static void write(Slot slot, long mask, int thread, long offset) {
        slot.setFile(FILE);
        MemorySegment event = slot.event();
        event.fill((byte) 0);
        event.set(JAVA_INT, 0, 48);
        event.set(JAVA_SHORT, 4, (short) 3);
        event.set(JAVA_SHORT, 6, (short) 24);
        event.set(JAVA_LONG, 8, mask);
        event.set(JAVA_INT, 16, 1000);
        event.set(JAVA_INT, 20, thread);
        event.set(JAVA_INT, 24, 6 | 24 << 16);
        event.set(JAVA_LONG, 32, offset);
        event.set(JAVA_LONG, 40, 4096);
    }

    private Slot letThrough(int thread, long offset) {
        Slot slot = hear(PreContentGroup.PRE_ACCESS, thread, offset);
        pins.keep(thread, slot, pin(offset));
        pins.pass(thread, slot);
        return slot;
    }

    @Test
    void keepsWhatAThreadReadsUntilThatThreadGoesOn() {
        Slot slot = letThrough(1, 4096);
        letThrough(2, 8192);
        pins.next(2);
        assertThat(kept).containsExactly(4096L);
        assertThat(slot.isPassed()).isTrue();
        pins.next(1);
        assertThat(kept).isEmpty();
        assertThat(slot.isFree()).isTrue();
    }

    /** The reader may be so quick that the kernel tells of its read before the answer is written down. */
    @Test
    void letsGoOfAReaderThatReadBeforeItsAnswerWasWrittenDown() {
        Slot slot = hear(PreContentGroup.PRE_ACCESS, 1, 0);
        pins.keep(1, slot, pin(0));
        pins.next(1);
        assertThat(kept).isEmpty();
        assertThat(slot.isFree()).as("still to be answered").isFalse();
        pins.pass(1, slot);
        assertThat(slot.isFree()).isTrue();
    }

    @Test
    void letsGoOfAReaderThatHasEnded() throws Exception {
        Process process = new ProcessBuilder("sleep", "1000").start();
        int thread = (int) process.pid();
        letThrough(thread, 0);
        pins.releaseEnded();
        assertThat(kept).hasSize(1);
        process.destroyForcibly().waitFor();
        pins.releaseEnded();
        assertThat(kept).isEmpty();
    }

    @Test
    void letsGoOfAFileThatNobodyReads() {
        letThrough(1, 0);
        pins.releaseAll(new FileId(1, 1));
        assertThat(kept).hasSize(1);
        pins.releaseAll(FILE);
        assertThat(kept).isEmpty();
    }

    /** A predecessor let it through and died before that was written down: the successor's answer comes when it reads on. */
    @Test
    void keepsWhatAThreadReadsThoughAnAnswerForWhatItReadBeforeComesLate() {
        Slot before = hear(PreContentGroup.PRE_ACCESS, 1, 0);
        Slot now = hear(PreContentGroup.PRE_ACCESS, 1, 4096);
        pins.keep(1, before, pin(0));
        pins.pass(1, before);
        assertThat(before.isFree()).isTrue();
        pins.keep(1, now, pin(4096));
        pins.pass(1, now);
        assertThat(kept).containsExactly(4096L);
        pins.next(1);
        assertThat(kept).isEmpty();
        assertThat(now.isFree()).isTrue();
    }

    private void succeed() throws IOException {
        journal.close();
        kept.clear();
        journal = FillJournal.open(directory.resolve("journal"), JournalSlots.count());
        slots = JournalSlots.ofPredecessor(journal);
        pins = new ReaderPins(journal, slots);
        for (Slot slot : slots.inherited()) {
            pins.inherit(PreContentEvent.parse(slot.event()), slot);
        }
    }

    @Test
    void aSuccessorKeepsWhatReadersWereLetThroughTo() throws Exception {
        letThrough(1, 4096);
        letThrough(2, 8192);
        hear(PreContentGroup.PRE_ACCESS, 3, 16384);
        pins.next(2);
        succeed();
        assertThat(slots.inherited()).hasSize(2);
        pins.keepInherited(FILE, new Held());
        assertThat(kept).as("also of who may have had the answer").containsExactlyInAnyOrder(4096L, 16384L);
        pins.next(1);
        assertThat(kept).containsExactly(16384L);
    }

    /** The daemon died when it had heard that a thread goes on, and not yet noted that what it read before is over. */
    @Test
    void aSuccessorKeepsWhatAThreadWaitsForRatherThanWhatItWasLetThroughTo() throws Exception {
        Slot first = taken();
        letThrough(1, 4096);
        write(first, PreContentGroup.PRE_ACCESS, 1, 16384);
        succeed();
        pins.keepInherited(FILE, new Held());
        assertThat(kept).containsExactly(16384L);
    }

    @Test
    void aSuccessorTrustsNobodyWhenAThreadWaitsTwice() throws Exception {
        hear(PreContentGroup.PRE_ACCESS, 1, 4096);
        hear(PreContentGroup.PRE_ACCESS, 1, 8192);
        succeed();
        assertThat(journal.isOverflown()).isTrue();
    }

    @Test
    void aSuccessorTrustsNobodyWhenReadersHadNoRoomInTheJournal() throws Exception {
        for (int i = 0; i <= JournalSlots.MOST_PASSED; i++) {
            letThrough(i + 1, i * 4096L);
        }
        assertThat(kept).hasSize(JournalSlots.MOST_PASSED + 1);
        assertThat(journal.isOverflown()).isTrue();
        pins.next(1);
        assertThat(kept).doesNotContain(0L).hasSize(JournalSlots.MOST_PASSED);
        succeed();
        assertThat(journal.isOverflown()).isTrue();
        assertThat(slots.inherited()).hasSize(JournalSlots.MOST_PASSED);
    }

    /** Says what of it is held. */
    private final class Held extends UnreadBlob {
        @Override
        public Pin hold(long offset, long length) {
            assertThat(length).isEqualTo(4096);
            return pin(offset);
        }

        @Override
        public long size() {
            return 1 << 20;
        }
    }
}
