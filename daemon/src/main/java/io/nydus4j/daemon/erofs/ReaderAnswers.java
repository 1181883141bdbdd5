package io.nydus4j.daemon.erofs;

import io.nydus4j.daemon.erofs.FillJournal.Slot;
import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.fanotify.PreContentEvent;
import io.nydus4j.linux.fanotify.PreContentGroup;
import io.nydus4j.linux.file.Descriptor;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Answers readers: first the kernel, then the journal, then the descriptor goes, by whose number the kernel knows the reader. Safe for
 * use by several threads.
 */
final class ReaderAnswers {
    private static final Logger LOG = System.getLogger(ReaderAnswers.class.getName());

    private final PreContentGroup group;
    private final JournalSlots slots;
    private final ReaderPins pins;

    ReaderAnswers(PreContentGroup group, JournalSlots slots, ReaderPins pins) {
        this.group = group;
        this.slots = slots;
        this.pins = pins;
    }

    /** Lets a reader pass to data that stays. */
    void pass(WaitingReader reader) {
        respond(reader, 0);
        end(reader);
    }

    /** Lets a reader pass to data that something was {@link ReaderPins#keep kept} for. */
    void passKept(WaitingReader reader) {
        respond(reader, 0);
        pins.pass(reader.thread(), reader.slot());
        close(reader);
    }

    /** Makes a reader fail. */
    void fail(WaitingReader reader, int errno) {
        respond(reader, errno);
        end(reader);
    }

    /** Returns who asks by the event in a slot, with its file noted there; null where nobody does, or is told so at once. */
    @Nullable
    WaitingReader asking(Slot slot, PreContentEvent event) {
        if (event.descriptor() < 0) {
            slots.giveBack(slot);
            return null;
        }
        Descriptor descriptor = Descriptor.adopt(event.descriptor());
        WaitingReader reader = new WaitingReader(slot, event, Optional.of(descriptor));
        if (!event.asks()) {
            end(reader);
            return null;
        }
        try {
            slot.setFile(FileId.of(descriptor.status()));
            return reader;
        } catch (ErrnoException e) {
            LOG.log(Level.ERROR, "a reader of an unknown file is refused: " + e.getMessage());
            fail(reader, Errno.EIO);
            return null;
        }
    }

    private void end(WaitingReader reader) {
        pins.drop(reader.thread(), reader.slot());
        slots.giveBack(reader.slot());
        close(reader);
    }

    private void respond(WaitingReader reader, int errno) {
        int number = reader.event().descriptor();
        try {
            if (errno == 0) {
                group.allow(number);
            } else {
                group.deny(number, errno);
            }
        } catch (ErrnoException e) {
            // The reader was killed, or has its answer since a predecessor's time.
            LOG.log(Level.DEBUG, "nobody took an answer: " + e.getMessage());
        }
    }

    /** Closes a reader's descriptor. */
    static void close(WaitingReader reader) {
        try {
            if (reader.descriptor().isPresent()) {
                reader.descriptor().get().close();
            }
        } catch (ErrnoException e) {
            LOG.log(Level.WARNING, "closing a cache file: " + e.getMessage());
        }
    }
}
