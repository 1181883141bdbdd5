package io.nydus4j.daemon.erofs;

import io.nydus4j.daemon.erofs.FillJournal.Slot;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.fanotify.PreContentEvent;
import io.nydus4j.linux.fanotify.PreContentGroup;
import io.nydus4j.linux.file.Descriptor;
import java.util.Optional;

/**
 * A reader that the kernel holds back until it is answered.
 *
 * @param slot       its place in the journal
 * @param event      what the kernel told
 * @param descriptor has the number by which the kernel knows the reader, and is closed after the answer; empty if that number belongs to
 *                   something else in this process, since a predecessor heard of the reader
 */
record WaitingReader(Slot slot, PreContentEvent event, Optional<Descriptor> descriptor) {
    /** Returns one that a predecessor heard of, whose number becomes this process's where that is free. */
    static WaitingReader inherited(Slot slot, PreContentEvent event, PreContentGroup group) throws ErrnoException {
        return new WaitingReader(slot, event, group.descriptor().duplicateAt(event.descriptor()));
    }

    /** Returns the thread that reads; 0 if this process cannot see it. */
    int thread() {
        return event.thread();
    }
}
