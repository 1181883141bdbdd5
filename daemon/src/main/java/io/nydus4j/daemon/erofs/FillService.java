package io.nydus4j.daemon.erofs;

import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.fanotify.PreContentEvent;
import io.nydus4j.linux.fanotify.PreContentGroup;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.OpenFlags;
import io.nydus4j.linux.file.PosixFiles;
import io.nydus4j.linux.socket.Readiness;
import io.nydus4j.storage.LazyBlob;
import io.nydus4j.storage.Pin;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Fills ranges of cache files before the kernel reads them.
 *
 * <p>The kernel holds back whoever is about to read a marked file and tells of it; a range that is here is let through at once by the
 * thread that hears of it, all others wait on virtual threads for {@link LazyBlob#ensure}. Who cannot be served fails with {@code EIO}:
 * nobody ever sees a hole. A blob that is complete needs no mark any more, and nobody is asked about it then.
 *
 * <p>Each reader that has been heard of has a slot in the {@link FillJournal} until it has its answer. When no slot is free, no further
 * event is read, so that descriptors cannot run out: the kernel would refuse readers for that. Safe for use by several threads.
 */
public final class FillService implements AutoCloseable {
    private static final Logger LOG = System.getLogger(FillService.class.getName());
    /** Readers that are worked on at a time; each has a descriptor. */
    private static final int SLOTS = 2048;
    /** How often blobs are asked whether they are complete. */
    private static final Duration LOOK = Duration.ofMillis(250);

    private final PreContentGroup group;
    private final FillJournal journal;
    private final Thread loop;

    /** Guards the fields below. */
    private final ReentrantLock lock = new ReentrantLock();

    private final Condition slotFree = lock.newCondition();
    private final Map<FileId, Filled> files = new HashMap<>();
    private final Deque<FillJournal.Slot> free = new ArrayDeque<>();
    private final List<Inherited> inherited = new ArrayList<>();
    private boolean begun;
    private boolean closed;

    /** A file that takes part. */
    private static final class Filled {
        private final Descriptor descriptor;
        /** Who fills it, once for each that was added: the first of them does. Guarded by the service's lock, never empty. */
        private final List<LazyBlob> blobs = new ArrayList<>();
        /** Guarded by the service's lock. */
        private boolean marked;
        /** Whether this process opened the file when it was marked already, so that it is asked about its own writing, too. */
        private final boolean openedMarked;

        Filled(Descriptor descriptor, boolean openedMarked) {
            this.descriptor = descriptor;
            this.openedMarked = openedMarked;
        }

        private boolean isOf(LazyBlob blob) {
            return blobs.stream().anyMatch(one -> one == blob);
        }
    }

    /**
     * A reader that was heard of before this service answers. The number of the descriptor that a predecessor had is kept from others by
     * one of ours, unless it was in use.
     */
    private record Inherited(FillJournal.Slot slot, PreContentEvent event, Optional<Descriptor> occupied) {}

    /** What a reader is about to read of a blob, in bytes; the kernel's range may reach past the end. */
    private record Range(long start, long length) {
        static Range of(PreContentEvent event, LazyBlob blob) {
            long start = Math.min(event.offset(), blob.size());
            return new Range(start, Math.min(Math.max(event.count(), 1), blob.size() - start));
        }
    }

    private FillService(PreContentGroup group, FillJournal journal) {
        this.group = group;
        this.journal = journal;
        this.loop = Thread.ofPlatform().daemon().name("nydus-fanotify").unstarted(this::run);
    }

    /**
     * Starts a service with a group of its own.
     *
     * @param journal path of the journal; must not belong to another service
     * @throws ErrnoException if the kernel cannot hold readers back, or does not let this process
     */
    public static FillService start(Path journal) throws IOException {
        Files.deleteIfExists(journal);
        FillService service = over(PreContentGroup.open(), journal);
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
        FillService service;
        try {
            service = new FillService(group, FillJournal.open(journal, SLOTS));
        } catch (IOException | RuntimeException e) {
            group.close();
            throw e;
        }
        for (FillJournal.Slot slot : service.journal.slots()) {
            if (slot.isFree()) {
                service.free.add(slot);
                continue;
            }
            PreContentEvent event = PreContentEvent.parse(slot.event());
            if (event.descriptor() < 0) {
                service.giveBack(slot);
                continue;
            }
            service.inherited.add(new Inherited(slot, event, group.descriptor().duplicateAt(event.descriptor())));
        }
        service.loop.start();
        return service;
    }

    /**
     * Begins to answer all who wait, those since a predecessor's time first; their blobs have been {@link #add added}. To be called once.
     */
    public void begin() {
        List<Inherited> readers;
        lock.lock();
        try {
            begun = true;
            readers = List.copyOf(inherited);
            inherited.clear();
        } finally {
            lock.unlock();
        }
        for (Inherited reader : readers) {
            Thread.ofVirtual().name("nydus-fill").start(() -> {
                int errno = fillAnew(reader.slot().file(), reader.event());
                if (reader.occupied().isPresent()) {
                    answer(reader.slot(), reader.occupied().get(), errno);
                } else {
                    respond(reader.event().descriptor(), errno);
                    giveBack(reader.slot());
                }
            });
        }
    }

    /** Makes a range ready for a reader of the predecessor's; returns 0 or the error number that it gets. */
    private int fillAnew(FileId id, PreContentEvent event) {
        List<LazyBlob> wanted = new ArrayList<>();
        lock.lock();
        try {
            Filled known = files.get(id);
            if (known != null) {
                wanted.add(known.blobs.getFirst());
            } else if (id.equals(FileId.UNKNOWN)) {
                // The process died before it looked which file it is: it is one of these.
                files.values().forEach(filled -> wanted.add(filled.blobs.getFirst()));
            }
        } finally {
            lock.unlock();
        }
        int errno = wanted.isEmpty() ? Errno.EIO : 0;
        for (LazyBlob blob : wanted) {
            Range range = Range.of(event, blob);
            try (Pin _ = blob.ensure(range.start(), range.length())) {
                LOG.log(Level.DEBUG, "answering a reader of the predecessor's");
            } catch (IOException e) {
                LOG.log(Level.ERROR, "a read that began before failed: " + e.getMessage());
                errno = Errno.EIO;
            }
        }
        return errno;
    }

    /** Returns the group, whose descriptor somebody else must hold, too. */
    PreContentGroup group() {
        return group;
    }

    /**
     * Makes readers of a blob's file wait until what they read is there; to be called before the kernel opens the file for the mount.
     *
     * @param blob open until {@link #remove}, with a file
     * @throws IOException if the file cannot be marked
     */
    public void add(LazyBlob blob) throws IOException {
        Path path = blob.file()
                .orElseThrow(() -> new IOException("blob " + blob.info().effectiveId()
                        + " has no file that the kernel could read, or one that is under a budget"));
        Descriptor descriptor = PosixFiles.open(
                Descriptor.WORKING_DIRECTORY,
                path.toString().getBytes(StandardCharsets.UTF_8),
                OpenFlags.READ_ONLY | OpenFlags.CLOSE_ON_EXEC,
                0);
        lock.lock();
        try {
            FileId id = FileId.of(descriptor.status());
            Filled known = files.get(id);
            if (known != null) {
                known.blobs.add(blob);
                descriptor.close();
                return;
            }
            Filled filled = new Filled(descriptor, !begun);
            filled.blobs.add(blob);
            if (!blob.isComplete()) {
                group.mark(descriptor, PreContentGroup.PRE_ACCESS);
                filled.marked = true;
            }
            files.put(id, filled);
        } catch (IOException | RuntimeException e) {
            descriptor.close();
            throw e;
        } finally {
            lock.unlock();
        }
    }

    /** Returns a path by which the kernel finds the very file of a blob that was added, whatever became of its name. */
    Path pathOf(LazyBlob blob) {
        lock.lock();
        try {
            return filledOf(blob).orElseThrow().descriptor.procPath();
        } finally {
            lock.unlock();
        }
    }

    private Optional<Filled> filledOf(LazyBlob blob) {
        return files.values().stream().filter(filled -> filled.isOf(blob)).findFirst();
    }

    /** Lets go of a blob, after the mounts that read its file are gone. */
    public void remove(LazyBlob blob) {
        lock.lock();
        try {
            Optional<Filled> known = filledOf(blob);
            if (known.isEmpty()) {
                return;
            }
            Filled filled = known.get();
            filled.blobs.remove(blob);
            if (filled.blobs.isEmpty()) {
                unmark(filled);
                files.values().remove(filled);
                close(filled.descriptor);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Tells whether the kernel asks before it reads a blob's file: until the blob is complete. */
    public boolean isAsked(LazyBlob blob) {
        lock.lock();
        try {
            return filledOf(blob).map(filled -> filled.marked).orElse(false);
        } finally {
            lock.unlock();
        }
    }

    private void unmark(Filled filled) {
        if (!filled.marked) {
            return;
        }
        try {
            group.unmark(filled.descriptor, PreContentGroup.PRE_ACCESS);
            filled.marked = false;
        } catch (ErrnoException e) {
            LOG.log(Level.WARNING, "cannot take a mark away: " + e.getMessage());
        }
    }

    private static void close(Descriptor descriptor) {
        try {
            descriptor.close();
        } catch (ErrnoException e) {
            LOG.log(Level.WARNING, "closing a cache file: " + e.getMessage());
        }
    }

    // The thread that hears of readers; it never waits for data.

    private void run() {
        try {
            while (true) {
                boolean any = Readiness.awaitInput(group.descriptor(), LOOK);
                lock.lock();
                try {
                    if (closed) {
                        return;
                    }
                    for (Filled filled : files.values()) {
                        if (filled.marked && filled.blobs.stream().anyMatch(LazyBlob::isComplete)) {
                            unmark(filled);
                        }
                    }
                } finally {
                    lock.unlock();
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
        while (true) {
            FillJournal.Slot slot = takeSlot();
            if (slot == null) {
                return;
            }
            try {
                if (!group.read(slot.event())) {
                    giveBack(slot);
                    return;
                }
            } catch (ErrnoException e) {
                giveBack(slot);
                if (e.errno() == Errno.EMFILE || e.errno() == Errno.ENFILE) {
                    LOG.log(Level.ERROR, "a reader was refused, for this process has too many files open");
                    return;
                }
                throw e;
            }
            handle(slot);
        }
    }

    private FillJournal.@Nullable Slot takeSlot() {
        lock.lock();
        try {
            while (free.isEmpty() && !closed) {
                slotFree.awaitUninterruptibly();
            }
            return closed ? null : free.poll();
        } finally {
            lock.unlock();
        }
    }

    private void giveBack(FillJournal.Slot slot) {
        slot.free();
        lock.lock();
        try {
            free.add(slot);
            slotFree.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void handle(FillJournal.Slot slot) {
        PreContentEvent event = PreContentEvent.parse(slot.event());
        if ((event.mask() & PreContentGroup.OVERFLOW) != 0) {
            LOG.log(Level.ERROR, "the kernel lost events: some readers may have seen holes");
        }
        if (event.descriptor() < 0) {
            giveBack(slot);
            return;
        }
        Descriptor descriptor = Descriptor.adopt(event.descriptor());
        @Nullable LazyBlob blob;
        boolean own = false;
        boolean early = false;
        try {
            FileId id = FileId.of(descriptor.status());
            slot.setFile(id);
            lock.lock();
            try {
                Filled filled = files.get(id);
                blob = filled == null ? null : filled.blobs.getFirst();
                own = (!begun || filled != null && filled.openedMarked) && isOwn(event);
                early = !begun && !own;
                if (early) {
                    inherited.add(new Inherited(slot, event, Optional.of(descriptor)));
                }
            } finally {
                lock.unlock();
            }
        } catch (ErrnoException e) {
            LOG.log(Level.ERROR, "a reader of an unknown file is refused: " + e.getMessage());
            blob = null;
        }
        if (early) {
            return;
        }
        if (own) {
            answer(slot, descriptor, 0);
            return;
        }
        if (blob == null) {
            answer(slot, descriptor, Errno.EIO);
            return;
        }
        Range range = Range.of(event, blob);
        if (range.length() == 0 || blob.isReady(range.start(), range.length())) {
            answer(slot, descriptor, 0);
            return;
        }
        LazyBlob wanted = blob;
        try {
            Thread.ofVirtual().name("nydus-fill").start(() -> fill(slot, descriptor, wanted, range));
        } catch (Throwable e) {
            answer(slot, descriptor, Errno.EIO);
            throw e;
        }
    }

    /** Tells whether it is this process that waits, to write what others wait for: it never reads its own mounts. */
    private static boolean isOwn(PreContentEvent event) {
        return Files.exists(Path.of("/proc/self/task", Integer.toString(event.thread())));
    }

    private void fill(FillJournal.Slot slot, Descriptor descriptor, LazyBlob blob, Range range) {
        int errno = Errno.EIO;
        try (Pin _ = blob.ensure(range.start(), range.length())) {
            errno = 0;
            answer(slot, descriptor, 0);
        } catch (IOException e) {
            LOG.log(
                    Level.ERROR,
                    "a read of " + range.length() + " bytes at " + range.start() + " of blob "
                            + blob.info().effectiveId() + " failed: " + e.getMessage());
        } finally {
            if (errno != 0) {
                answer(slot, descriptor, errno);
            }
        }
    }

    /** Answers a reader: first the kernel, then the journal, then the descriptor goes, by whose number the kernel knows the reader. */
    private void answer(FillJournal.Slot slot, Descriptor descriptor, int errno) {
        respond(descriptor.number(), errno);
        slot.free();
        close(descriptor);
        giveBack(slot);
    }

    private void respond(int number, int errno) {
        try {
            if (errno == 0) {
                group.allow(number);
            } else {
                group.deny(number, errno);
            }
        } catch (ErrnoException e) {
            // The reader was killed.
            LOG.log(Level.DEBUG, "nobody took an answer: " + e.getMessage());
        }
    }

    /**
     * Stops, once those who wait have their answers. Readers that come later are let through when nobody else holds the group: unmount
     * before.
     */
    @Override
    public void close() throws IOException {
        lock.lock();
        try {
            closed = true;
            slotFree.signalAll();
        } finally {
            lock.unlock();
        }
        boolean interrupted = false;
        while (loop.isAlive()) {
            try {
                loop.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        lock.lock();
        try {
            // Who was not answered waits for a successor.
            inherited.forEach(reader -> reader.occupied().ifPresent(FillService::close));
            while (begun && free.size() < SLOTS) {
                slotFree.awaitUninterruptibly();
            }
            files.values().forEach(filled -> close(filled.descriptor));
            files.clear();
        } finally {
            lock.unlock();
        }
        group.close();
        journal.close();
    }
}
