package io.nydus4j.daemon.erofs;

import io.nydus4j.linux.ThreadEnd;
import io.nydus4j.linux.file.Descriptor;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The objects of mounted images that are not whole, or were not when their images were mounted: fills them, and has the store keep what is
 * filled. Safe for use by several threads.
 */
final class StoreObjects implements AutoCloseable {
    private static final Logger LOG = System.getLogger(StoreObjects.class.getName());
    /** Objects that are filled at a time: each takes the memory of one read. */
    private static final int MOST_FILLING = 16;

    /** Threads that put objects on the disk: the file system makes one change of its journal for several. */
    private static final int KEEPERS = 4;

    private static final long LOOK_MILLIS = 100;

    private final ObjectStore store;
    /** Guarded by this. */
    private final Map<String, StoreObject> objects = new HashMap<>();
    /** Guarded by this. */
    private final Map<FileId, StoreObject> byFile = new HashMap<>();

    private final Semaphore filling = new Semaphore(MOST_FILLING);
    private final LinkedBlockingQueue<StoreObject> filled = new LinkedBlockingQueue<>();
    private final List<Thread> keepers = new ArrayList<>();
    private volatile boolean closed;

    StoreObjects(ObjectStore store) {
        this.store = store;
        for (int i = 0; i < KEEPERS; i++) {
            keepers.add(Thread.ofPlatform().daemon().name("nydus-keep-objects").start(this::keepFilled));
        }
    }

    /**
     * Has a place for all content of an image.
     *
     * @param image  the image
     * @param wanted its content
     */
    synchronized void add(ImageObjects image, List<HollowImage.Content> wanted) throws IOException {
        List<StoreObject> lacking = new ArrayList<>();
        image.setObjects(lacking);
        try {
            for (HollowImage.Content content : wanted) {
                StoreObject known = objects.get(content.name());
                if (known == null) {
                    Optional<FileId> id = store.place(content.name(), content.size());
                    if (id.isEmpty()) {
                        continue;
                    }
                    known = new StoreObject(content.name(), content.size(), id.get());
                    objects.put(known.name(), known);
                    byFile.put(known.id(), known);
                }
                known.sources().add(new ObjectSource(image, content.ino()));
                lacking.add(known);
            }
        } catch (IOException | RuntimeException e) {
            remove(image);
            throw e;
        }
    }

    /** Lets go of an image, when nobody reads it any more or all its content is kept. Waits for what is being read of it. */
    void remove(ImageObjects image) {
        image.close();
        synchronized (this) {
            for (StoreObject object : image.objects()) {
                object.sources().removeIf(source -> isOf(source, image));
                // What is filled stays until it is kept, lest it be looked for where it no longer is.
                if (object.isKept() || !object.isDemanded()) {
                    forgetUnused(object);
                }
            }
        }
    }

    private synchronized void forgetUnused(StoreObject object) {
        if (object.sources().isEmpty()) {
            objects.remove(object.name(), object);
            byFile.remove(object.id(), object);
        }
    }

    @SuppressWarnings("ReferenceEquality") // whether it is the very one
    private static boolean isOf(ObjectSource source, ImageObjects image) {
        return source.image() == image;
    }

    /** Returns the object that a file is; null if no mounted image has it. */
    synchronized @Nullable StoreObject find(FileId id) {
        return byFile.get(id);
    }

    synchronized List<StoreObject> all() {
        return List.copyOf(objects.values());
    }

    /** Returns a promise that comes true when an object is filled, which is started if it must be. Does not block. */
    CompletableFuture<Boolean> fill(StoreObject object) {
        return object.demand(
                promise -> Thread.ofVirtual().name("nydus-fill-object").start(() -> fill(object, promise)));
    }

    private void fill(StoreObject object, CompletableFuture<Boolean> promise) {
        boolean done = false;
        filling.acquireUninterruptibly();
        try {
            done = isFilled(object);
        } catch (RuntimeException | Error e) {
            LOG.log(Level.ERROR, "filling object " + object.name() + " failed", e);
        } finally {
            filling.release();
            if (done) {
                filled.add(object);
            } else {
                object.failed();
            }
            promise.complete(done);
        }
    }

    /** Fills an object from the first file that can be had. */
    private boolean isFilled(StoreObject object) {
        for (ObjectSource source : object.sources()) {
            try (ImageObjects.Use use = source.image().use()) {
                if (use == null) {
                    continue;
                }
                try (Descriptor file = store.writer(object)) {
                    source.copyTo(object, file);
                    return true;
                }
            } catch (IOException e) {
                LOG.log(Level.ERROR, "object " + object.name() + " cannot be filled: " + e.getMessage());
            }
        }
        return false;
    }

    private void keepFilled() {
        try {
            while (!closed || !filled.isEmpty()) {
                StoreObject object = filled.poll(LOOK_MILLIS, TimeUnit.MILLISECONDS);
                if (object != null) {
                    keep(object);
                }
            }
        } catch (InterruptedException e) {
            LOG.log(Level.WARNING, "objects that are filled are not kept any more");
        }
    }

    private void keep(StoreObject object) {
        try {
            store.keep(object);
            object.setKept();
            forgetUnused(object);
        } catch (IOException e) {
            LOG.log(Level.WARNING, "object " + object.name() + " is not kept: " + e.getMessage());
        }
    }

    /** Keeps what is filled, and closes the store. */
    @Override
    public void close() throws IOException {
        closed = true;
        keepers.forEach(ThreadEnd::await);
        store.close();
    }
}
