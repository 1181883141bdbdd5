package io.nydus4j.daemon.erofs;

import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.fanotify.PreContentGroup;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

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

    /** Ends with what was no question. */
    void hear(WaitingReader event) {
        end(event);
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
