package io.nydus4j.daemon.erofs;

import io.nydus4j.daemon.erofs.FillJournal.Slot;
import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.fanotify.PreContentEvent;
import io.nydus4j.linux.fanotify.PreContentGroup;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.storage.LazyBlob;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Fills objects of a store before an overlay opens them for its readers. The kernel holds back whoever opens a file of which not all is
 * there; an object is filled as a whole then, for an overlay's readers may map it, or ask for its holes, and nobody is asked about that.
 * Who cannot be served fails with {@code EIO}.
 *
 * <p>As {@link FillService} does, it notes in a {@link FillJournal} who waits, so that a successor can answer.
 */
public final class ObjectFills implements ReaderService {
    private static final Logger LOG = System.getLogger(ObjectFills.class.getName());

    private final PreContentGroup group;
    private final FillJournal journal;
    private final ReaderAnswers answers;
    private final EventLoop loop;
    private final ObjectStore store;
    private final StoreObjects objects;
    private final ReadersAside early;
    private volatile boolean closed;

    private ObjectFills(
            PreContentGroup group, FillJournal journal, JournalSlots slots, ObjectStore store, ReadersAside early) {
        this.group = group;
        this.journal = journal;
        this.store = store;
        this.early = early;
        this.objects = new StoreObjects(store);
        this.answers = new ReaderAnswers(group, slots, new ReaderPins(journal, slots));
        this.loop = new EventLoop(group, slots, new EventLoop.Handler() {
            @Override
            public void handle(Slot slot) {
                ObjectFills.this.handle(slot);
            }

            @Override
            public void look() {}
        });
    }

    /**
     * Starts a service with a group of its own.
     *
     * @param journal   path of the journal; must not belong to another service
     * @param store     directory of the store
     * @param runFolder where this daemon's successor looks for what it needs
     * @throws IOException if another daemon has the store, or the kernel cannot hold readers back, or does not let this process
     */
    public static ObjectFills start(Path journal, Path store, Path runFolder) throws IOException {
        Files.deleteIfExists(journal);
        ObjectFills fills = make(PreContentGroup.open(), journal, store, runFolder, false);
        fills.begin();
        return fills;
    }

    /**
     * Takes a group over, with the journal of those who were heard of but not answered. Until {@link #begin} nobody is answered. To be
     * called before much else is opened, as {@link FillService#over} is.
     *
     * @param group   closed by this service
     * @param journal path of the predecessor's journal
     */
    public static ObjectFills over(PreContentGroup group, Path journal, Path store, Path runFolder) throws IOException {
        return make(group, journal, store, runFolder, true);
    }

    private static ObjectFills make(PreContentGroup group, Path path, Path storePath, Path runFolder, boolean tookOver)
            throws IOException {
        try {
            FillJournal journal = FillJournal.open(path, JournalSlots.count());
            JournalSlots slots = tookOver ? JournalSlots.ofPredecessor(journal) : JournalSlots.ofNew(journal);
            ReadersAside waiting = new ReadersAside(slots);
            for (Slot slot : slots.inherited()) { // before a number that the kernel knows readers by is taken
                PreContentEvent event = PreContentEvent.parse(slot.event());
                waiting.keep(WaitingReader.inherited(slot, event, group));
            }
            ObjectStore store = ObjectStore.open(storePath, runFolder);
            ObjectFills fills = new ObjectFills(group, journal, slots, store, waiting);
            try {
                group.markOpensIn(store.lazy());
            } catch (ErrnoException e) {
                fills.objects.close();
                throw e;
            }
            fills.loop.start();
            return fills;
        } catch (IOException | RuntimeException e) {
            group.close();
            throw e;
        }
    }

    @Override
    public PreContentGroup group() {
        return group;
    }

    /** Tells whether nobody is asked any more. */
    boolean isClosed() {
        return closed;
    }

    ObjectStore store() {
        return store;
    }

    StoreObjects objects() {
        return objects;
    }

    /** Has all content of an image filled before it is opened, from now on until {@link StoreObjects#remove}. */
    ImageObjects add(HollowImage image, Bootstrap bootstrap, List<? extends LazyBlob> blobs) throws IOException {
        ImageObjects added = new ImageObjects(bootstrap, blobs);
        objects.add(added, image.contents());
        return added;
    }

    @Override
    public void begin() {
        early.begin().forEach(this::answer);
    }

    /** Handles an event, on the loop's thread. */
    private void handle(Slot slot) {
        WaitingReader reader = answers.asking(slot, PreContentEvent.parse(slot.event()));
        if (reader != null && !early.keep(reader)) {
            try {
                answer(reader);
            } catch (RuntimeException | Error e) {
                answers.fail(reader, Errno.EIO);
                throw e;
            }
        }
    }

    private void answer(WaitingReader reader) {
        FileId id = reader.slot().file();
        StoreObject object = objects.find(id);
        if (object == null) {
            answer(
                    reader,
                    CompletableFuture.supplyAsync(
                            () -> isReady(id),
                            task -> Thread.ofVirtual().name("nydus-fill").start(task)));
            return;
        }
        answer(reader, objects.fill(object));
    }

    private void answer(WaitingReader reader, CompletableFuture<Boolean> filled) {
        var _ = filled.whenComplete((done, failure) -> {
            if (failure == null && done) {
                answers.pass(reader);
            } else {
                answers.fail(reader, Errno.EIO);
            }
        });
    }

    /** Sees to a file that is no known object. */
    private boolean isReady(FileId id) {
        if (id.equals(FileId.UNKNOWN)) {
            // A predecessor died before it looked which file it is: it is one of these, or whole.
            return objects.all().stream()
                    .allMatch(object -> objects.fill(object).join());
        }
        try {
            if (store.isWhole(id)) { // a predecessor kept it, and died before it answered
                return true;
            }
            LOG.log(Level.WARNING, "an object of the store {0} was opened that is of no mounted image", store.path());
        } catch (IOException e) {
            LOG.log(Level.ERROR, "a reader is refused: " + e.getMessage());
        }
        return false;
    }

    @Override
    public void leave() {
        early.leave();
    }

    @Override
    public void close() throws IOException {
        leave();
        loop.stop();
        early.close();
        objects.close();
        closed = true;
        group.close();
        journal.close();
    }
}
