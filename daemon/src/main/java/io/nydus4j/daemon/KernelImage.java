package io.nydus4j.daemon;

import io.nydus4j.daemon.api.MountedBackend;
import io.nydus4j.daemon.erofs.BackgroundFill;
import io.nydus4j.daemon.erofs.BlobState;
import io.nydus4j.daemon.erofs.KernelMount;
import io.nydus4j.daemon.metrics.FileSystemCounters;
import io.nydus4j.daemon.state.MountRecord;
import io.nydus4j.daemon.vfs.MountedFileSystem;
import io.nydus4j.storage.LazyBlob;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** An image that the kernel serves by itself on a directory of its own. The daemon hears of reads of what is not here yet, and fetches it. */
final class KernelImage implements ServedFileSystem {
    private static final Logger LOG = System.getLogger(KernelImage.class.getName());
    private static final Duration LOOK = Duration.ofMillis(50);

    private final ServedImage image;
    private final KernelMount mounted;
    private final Consumer<KernelImage> onClose;
    /** Guarded by this, as is the flag. */
    private @Nullable BackgroundFill fill;

    private boolean closed;

    /**
     * Makes one of an image whose requests nobody will ask it for.
     *
     * @param image   closed by this
     * @param mounted where the kernel shows it
     * @param onClose told when this is closed
     */
    KernelImage(ServedImage image, KernelMount mounted, Consumer<KernelImage> onClose) {
        this.image = image;
        this.mounted = mounted;
        this.onClose = onClose;
    }

    @Override
    public MountRecord record() {
        return image.record();
    }

    @Override
    public MountedBackend description() {
        SortedMap<String, String> states = new TreeMap<>();
        for (LazyBlob blob : image.blobs()) {
            states.put(blob.info().effectiveId(), state(blob).word());
        }
        return image.description().withBlobs(states);
    }

    private BlobState state(LazyBlob blob) {
        if (mounted.isDetached()) {
            return BlobState.DETACHED;
        }
        if (mounted.isComplete(blob)) {
            return BlobState.COMPLETE;
        }
        return isFilling() ? BlobState.FILLING : BlobState.LAZY;
    }

    private synchronized boolean isFilling() {
        return fill != null && fill.isRunning();
    }

    @Override
    public Optional<MountedFileSystem> fuse() {
        return Optional.empty();
    }

    @Override
    public Optional<FileSystemCounters> counters() {
        return image.counters();
    }

    @Override
    public Optional<ServedImage> image() {
        return Optional.of(image);
    }

    /** Returns how the kernel shows it. */
    KernelMount mounted() {
        return mounted;
    }

    @Override
    public void start() throws IOException {
        image.start();
        if (image.wantsEverything()) {
            fillAll();
        }
    }

    /** Starts to fetch all that is missing; returns at once. */
    synchronized void fillAll() {
        if (fill == null && !closed && !mounted.isDetached()) {
            fill = mounted.fillAll();
        }
    }

    @Override
    public boolean withdraw() throws IOException {
        return mounted.unmount();
    }

    /** Tells whether the kernel asks for nothing of it any more, whoever reads it. */
    boolean needsNothing() {
        try {
            return mounted.isDetached() || mounted.isGone();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "cannot tell whether " + image.record() + " is in use: " + e.getMessage());
            return false;
        }
    }

    @Override
    public boolean awaitIdle(Duration patience) throws InterruptedException {
        long end = System.nanoTime() + patience.toNanos();
        while (!needsNothing()) {
            if (System.nanoTime() > end) {
                return false;
            }
            Thread.sleep(LOOK);
        }
        return true;
    }

    /** {@inheritDoc} Only the first call does something. */
    @Override
    public void close() {
        BackgroundFill running;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            running = fill;
        }
        if (running != null) {
            running.stop();
        }
        mounted.detach();
        image.close();
        onClose.accept(this);
    }
}
