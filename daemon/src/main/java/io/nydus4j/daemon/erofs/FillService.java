package io.nydus4j.daemon.erofs;

import io.nydus4j.daemon.erofs.FillJournal.Slot;
import io.nydus4j.daemon.trace.ReadSource;
import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.fanotify.PreContentEvent;
import io.nydus4j.linux.fanotify.PreContentGroup;
import io.nydus4j.storage.DataOrigin;
import io.nydus4j.storage.LazyBlob;
import io.nydus4j.storage.Pin;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Fills ranges of cache files before the kernel reads them.
 *
 * <p>The kernel holds back whoever is about to read a marked file and tells of it; a range that is here is let through at once by the
 * thread that hears of it, all others wait on virtual threads for {@link LazyBlob#ensure}. Who cannot be served fails with {@code EIO}:
 * nobody ever sees a hole. A blob that is complete needs no mark any more, and nobody is asked about it then. Where data may be evicted,
 * it stays until the reader has read it ({@link ReaderPins}), and the mark stays, too.
 *
 * <p>Each reader that has been heard of has a slot in the {@link FillJournal} until nothing is to be done for it any more. Safe for use
 * by several threads.
 */
public final class FillService implements ReaderService {
    private static final Logger LOG = System.getLogger(FillService.class.getName());

    private final PreContentGroup group;
    private final FillJournal journal;
    private final JournalSlots slots;
    private final MarkedFiles files;
    private final ReaderPins pins;
    private final ReaderAnswers answers;
    private final EventLoop loop;
    /** Whether the group was a predecessor's, whose marks stand on files of mounts that may be gone. */
    private final boolean tookOver;

    private final ReadersAside early;

    private FillService(PreContentGroup group, FillJournal journal, JournalSlots slots, boolean tookOver) {
        this.group = group;
        this.journal = journal;
        this.slots = slots;
        this.tookOver = tookOver;
        this.early = new ReadersAside(slots);
        this.files = new MarkedFiles(group);
        this.pins = new ReaderPins(journal, slots);
        this.answers = new ReaderAnswers(group, slots, pins);
        this.loop = new EventLoop(group, slots, new EventLoop.Handler() {
            @Override
            public void handle(Slot slot) {
                FillService.this.handle(slot);
            }

            @Override
            public void look() {
                files.look();
                pins.releaseEnded();
            }
        });
    }

    /**
     * Starts a service with a group of its own.
     *
     * @param journal path of the journal; must not belong to another service
     * @throws ErrnoException if the kernel cannot hold readers back, or does not let this process
     */
    public static FillService start(Path journal) throws IOException {
        Files.deleteIfExists(journal);
        FillService service = make(PreContentGroup.open(), journal, false);
        service.loop.start();
        service.begin();
        return service;
    }

    /**
     * Takes a group over, with the journal of those who were heard of but not answered. Until {@link #begin} nobody is answered but this
     * process, which the kernel asks about, too, when it opens and writes files that are marked already.
     *
     * <p>The kernel matches answers by the numbers that descriptors had in the predecessor, so those are occupied at once, lest a new event
     * gets one of them: to be called before much else is opened.
     *
     * @param group   closed by this service
     * @param journal path of the predecessor's journal
     */
    public static FillService over(PreContentGroup group, Path journal) throws IOException {
        FillService service = make(group, journal, true);
        for (Slot slot : service.slots.inherited()) {
            service.inherit(slot);
        }
        service.loop.start();
        return service;
    }

    private static FillService make(PreContentGroup group, Path path, boolean tookOver) throws IOException {
        try {
            FillJournal journal = FillJournal.open(path, JournalSlots.count());
            JournalSlots slots = tookOver ? JournalSlots.ofPredecessor(journal) : JournalSlots.ofNew(journal);
            return new FillService(group, journal, slots, tookOver);
        } catch (IOException | RuntimeException e) {
            group.close();
            throw e;
        }
    }

    /** Takes over what a predecessor heard: a reader that waits, one that was let through, or that one has read. */
    private void inherit(Slot slot) throws IOException {
        PreContentEvent event = PreContentEvent.parse(slot.event());
        if (!event.asks()) {
            pins.next(event.thread());
            slots.giveBack(slot);
            return;
        }
        if (event.thread() != 0) {
            pins.inherit(event, slot);
        }
        if (!slot.isPassed()) {
            early.keep(WaitingReader.inherited(slot, event, group));
        }
    }

    /** {@inheritDoc} Their blobs have been {@link #add added}. */
    @Override
    public void begin() {
        for (WaitingReader reader : early.begin()) {
            Thread.ofVirtual().name("nydus-fill").start(() -> fillAnew(reader));
        }
    }

    /** Makes a range ready for a reader that was heard of before anybody could answer. */
    private void fillAnew(WaitingReader reader) {
        FileId id = reader.slot().file();
        List<MarkedFile> wanted = new ArrayList<>();
        MarkedFile known = files.find(id);
        if (known != null) {
            wanted.add(known);
        } else if (id.equals(FileId.UNKNOWN)) {
            // The process died before it looked which file it is: it is one of these.
            wanted.addAll(files.all());
        }
        boolean keeps = false;
        for (MarkedFile file : wanted) {
            MarkedFile.Member member = file.first();
            if (member == null) {
                continue;
            }
            BlobRange range = BlobRange.of(reader.event(), member.blob());
            if (ensure(reader, file, member.blob(), range) == null) {
                answers.fail(reader, Errno.EIO);
                return;
            }
            keeps |= keeps(reader, member.blob());
        }
        LOG.log(Level.DEBUG, "answering a reader of the predecessor's");
        if (wanted.isEmpty()) {
            answers.fail(reader, Errno.EIO);
        } else if (keeps) {
            answers.passKept(reader);
        } else {
            answers.pass(reader);
        }
    }

    @Override
    public PreContentGroup group() {
        return group;
    }

    /**
     * Makes readers of a blob's file wait until what they read is there; to be called before the kernel opens the file for the mount.
     *
     * @param blob     open until {@link #remove}, with a file
     * @param observer hears of what is read
     * @throws IOException if the file cannot be marked
     */
    public void add(LazyBlob blob, ReadObserver observer) throws IOException {
        boolean inherits = !early.isBegun();
        FileId id = files.add(blob, observer, tookOver);
        if (inherits && blob.evicts()) {
            pins.keepInherited(id, blob);
            if (journal.isOverflown()) {
                LOG.log(Level.WARNING, "nobody knows what readers of a predecessor's read: their data stays");
                files.of(blob).ifPresent(MarkedFile::keepWhole);
            }
        }
    }

    /** Returns a path by which the kernel finds the very file of a blob that was added, whatever became of its name. */
    Path pathOf(LazyBlob blob) {
        return files.of(blob).orElseThrow().descriptor().procPath();
    }

    /** Lets go of a blob, after the mounts that read its file are gone. */
    public void remove(LazyBlob blob) {
        files.remove(blob).ifPresent(pins::releaseAll);
    }

    /** Lets go of a blob, but not of those who may read its file: a successor has them. */
    void leave(LazyBlob blob) {
        files.leave(blob);
    }

    /** Tells whether the kernel asks before it reads a blob's file: until the blob is complete. */
    public boolean isAsked(LazyBlob blob) {
        return files.of(blob).map(MarkedFile::isMarked).orElse(false);
    }

    /** Handles an event, on the loop's thread. */
    private void handle(Slot slot) {
        PreContentEvent event = PreContentEvent.parse(slot.event());
        pins.next(event.thread());
        if ((event.mask() & PreContentGroup.OVERFLOW) != 0) {
            // Never those that ask: the kernel refuses a reader that it cannot ask about.
            LOG.log(Level.WARNING, "the kernel lost events: what was read may not be evicted soon");
        }
        WaitingReader reader = answers.asking(slot, event);
        if (reader == null) {
            return;
        }
        pins.expect(reader.thread(), slot);
        if (isOwn(event, files.find(slot.file()))) {
            answers.pass(reader);
        } else if (!early.keep(reader)) {
            // Looked up anew: it may have been added since, with all others, just before the service began.
            answer(reader, files.find(slot.file()));
        }
    }

    /**
     * Tells whether it is this process that waits, to open or write what others wait for: it never reads its own mounts then. A file that
     * takes no part has a predecessor's mark, whose mount is gone, and is just being opened to be mounted again.
     */
    private static boolean isOwn(PreContentEvent event, @Nullable MarkedFile file) {
        return (file == null || file.isOpenedMarked())
                && Files.exists(Path.of("/proc/self/task", Integer.toString(event.thread())));
    }

    private void answer(WaitingReader reader, @Nullable MarkedFile file) {
        MarkedFile.Member member = file == null ? null : file.first();
        if (file == null || member == null) {
            answers.fail(reader, Errno.EIO);
            return;
        }
        LazyBlob blob = member.blob();
        BlobRange range = BlobRange.of(reader.event(), blob);
        if (range.isEmpty()) {
            answers.pass(reader);
            return;
        }
        boolean passed;
        try {
            ReadObserver.Reading reading =
                    member.observer().begin(blob, reader.thread(), range.start(), range.length());
            passed = isPassedAtOnce(reader, blob, range, reading);
            if (!passed) {
                Thread.ofVirtual().name("nydus-fill").start(() -> fill(reader, file, blob, range, reading));
            }
        } catch (RuntimeException | Error e) {
            answers.fail(reader, Errno.EIO);
            throw e;
        }
        if (passed) {
            blob.readOn(range.start());
        }
    }

    /** Lets a reader of what is ready pass; that is the last thing that it does then. */
    private boolean isPassedAtOnce(WaitingReader reader, LazyBlob blob, BlobRange range, ReadObserver.Reading reading) {
        if (!keeps(reader, blob)) {
            if (blob.evicts() || !blob.isReady(range.start(), range.length())) {
                return false;
            }
            reading.ended(ReadSource.CACHE);
            answers.pass(reader);
            return true;
        }
        Pin pin = blob.pinIfReady(range.start(), range.length());
        if (pin == null) {
            return false;
        }
        pins.keep(reader.thread(), reader.slot(), pin);
        reading.ended(ReadSource.CACHE);
        answers.passKept(reader);
        return true;
    }

    /** Tells whether something must be kept until a reader has read; not for one that this process cannot see. */
    private static boolean keeps(WaitingReader reader, LazyBlob blob) {
        return blob.evicts() && reader.thread() != 0;
    }

    private void fill(
            WaitingReader reader, MarkedFile file, LazyBlob blob, BlobRange range, ReadObserver.Reading reading) {
        @Nullable DataOrigin origin = null;
        try {
            origin = ensure(reader, file, blob, range);
        } finally {
            try {
                reading.ended(origin == null ? ReadSource.FAILED : ReadSource.ofLate(origin));
            } finally {
                answer(reader, blob, origin != null);
            }
        }
    }

    private void answer(WaitingReader reader, LazyBlob blob, boolean ready) {
        if (!ready) {
            answers.fail(reader, Errno.EIO);
        } else if (keeps(reader, blob)) {
            answers.passKept(reader);
        } else {
            answers.pass(reader);
        }
    }

    /** Makes a range ready, and keeps it for a reader where it might be evicted; returns where it was, null if it cannot be had. */
    private @Nullable DataOrigin ensure(WaitingReader reader, MarkedFile file, LazyBlob blob, BlobRange range) {
        try {
            Pin pin = blob.ensure(range.start(), range.length());
            DataOrigin origin = pin.origin();
            if (keeps(reader, blob)) {
                pins.keep(reader.thread(), reader.slot(), pin);
                return origin;
            }
            if (blob.evicts()) {
                // The kernel does not say which reader it is, as it is in a namespace of its own, so nobody knows when
                // it has read.
                journal.overflow();
                file.keepWhole();
            }
            pin.close();
            return origin;
        } catch (IOException e) {
            LOG.log(
                    Level.ERROR,
                    "a read of " + range.length() + " bytes at " + range.start() + " of blob "
                            + blob.info().effectiveId() + " failed: " + e.getMessage());
            return null;
        }
    }

    /** {@inheritDoc} Until {@link #close} this process is still let write to files that a predecessor marked. */
    @Override
    public void leave() {
        early.leave();
        files.close();
    }

    @Override
    public void close() throws IOException {
        leave();
        loop.stop();
        early.close();
        group.close();
        journal.close();
    }
}
