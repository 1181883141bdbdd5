package io.nydus4j.daemon.erofs;

import io.nydus4j.daemon.erofs.FillJournal.Slot;
import io.nydus4j.linux.Errno;
import io.nydus4j.linux.fanotify.PreContentEvent;
import io.nydus4j.linux.fanotify.PreContentGroup;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Has readers fail, by {@code EIO}, who wait for a daemon that nobody follows. It keeps the journal as a daemon does, so that one that comes
 * after all can go on with it once this is gone.
 */
final class OrphanedReaders implements AutoCloseable {
    private final FillJournal journal;
    private final ReaderAnswers answers;
    private final EventLoop loop;
    private final ReadersAside early;

    private OrphanedReaders(PreContentGroup group, FillJournal journal, JournalSlots slots) {
        this.journal = journal;
        this.early = new ReadersAside(slots);
        this.answers = new ReaderAnswers(group, slots, new ReaderPins(journal, slots));
        this.loop = new EventLoop(group, slots, new EventLoop.Handler() {
            @Override
            public void handle(Slot slot) {
                OrphanedReaders.this.handle(slot);
            }

            @Override
            public void look() {}
        });
    }

    /**
     * Takes a group over, with the journal of those who were heard of but not answered. To be called before much else is opened, as
     * {@link FillService#over} is. Until {@link #begin} nobody is answered.
     *
     * @param group stays the caller's
     * @param path  path of the dead daemon's journal
     */
    static OrphanedReaders over(PreContentGroup group, Path path) throws IOException {
        FillJournal journal = FillJournal.open(path, JournalSlots.count());
        JournalSlots slots = JournalSlots.ofPredecessor(journal);
        OrphanedReaders readers = new OrphanedReaders(group, journal, slots);
        for (Slot slot : slots.inherited()) {
            PreContentEvent event = PreContentEvent.parse(slot.event());
            if (event.asks() && !slot.isPassed()) { // what else is there, a daemon may still want to know
                readers.early.keep(WaitingReader.inherited(slot, event, group));
            }
        }
        readers.loop.start();
        return readers;
    }

    /** Has all fail from now on, those first who wait already. */
    void begin() {
        early.begin().forEach(this::refuse);
    }

    private void handle(Slot slot) {
        WaitingReader reader = answers.asking(slot, PreContentEvent.parse(slot.event()));
        if (reader != null && !early.keep(reader)) {
            refuse(reader);
        }
    }

    private void refuse(WaitingReader reader) {
        answers.fail(reader, Errno.EIO);
    }

    @Override
    public void close() {
        loop.stop();
        early.close();
        journal.close();
    }
}
