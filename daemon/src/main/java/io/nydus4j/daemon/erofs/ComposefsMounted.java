package io.nydus4j.daemon.erofs;

import io.nydus4j.linux.file.NativePath;
import io.nydus4j.linux.mount.OverlayMount;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.storage.LazyBlob;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;

/**
 * An image that an overlay shows: names and attributes from an EROFS without data, content from the objects of a store that it shares with
 * other images, on disk and in memory. Safe for use by several threads.
 */
public final class ComposefsMounted extends KernelMount {
    /** The type, as mount tables have it. */
    public static final String TYPE = OverlayMount.TYPE;

    /** Objects that are filled at a time for nobody who waits. */
    private static final int FILLED_AT_A_TIME = 8;

    private final ObjectFills fills;
    private final ImageObjects image;

    private ComposefsMounted(ObjectFills fills, ImageObjects image, byte[] target, Superblock superblock) {
        super(target, superblock);
        this.fills = fills;
        this.image = image;
    }

    /**
     * Mounts an image.
     *
     * @param fills     fills its objects
     * @param bootstrap its metadata, open until this mount is gone, as are the blobs
     * @param blobs     its data by blob index
     * @param target    directory to mount on
     * @throws IOException if the kernel refuses, or an overlay could not show the image as it is; nothing is left behind but places for
     *     objects
     */
    public static ComposefsMounted mount(
            ObjectFills fills, Bootstrap bootstrap, List<? extends LazyBlob> blobs, Path target) throws IOException {
        byte[] place = NativePath.bytes(target);
        HollowImage hollow = HollowImage.of(bootstrap);
        return added(fills, hollow, bootstrap, blobs, place, () -> {
            try (MetadataCopy metadata =
                    MetadataCopy.of(hollow.metadata(), fills.store().path())) {
                fills.store().mount(metadata.path(), place);
            }
            return noted(fills.group(), place, TYPE);
        });
    }

    /** Takes over a mount that a predecessor made: its objects are filled from now on. */
    public static ComposefsMounted attach(
            ObjectFills fills, Bootstrap bootstrap, List<? extends LazyBlob> blobs, Path target) throws IOException {
        byte[] place = NativePath.bytes(target);
        return added(
                fills,
                HollowImage.of(bootstrap),
                bootstrap,
                blobs,
                place,
                () -> Superblock.note(fills.group(), place, TYPE));
    }

    /**
     * Takes over a mount that a predecessor made and that can be seen no more, but is in use.
     *
     * @param device what {@link #device} told the predecessor
     */
    public static ComposefsMounted attachUnseen(
            ObjectFills fills, Bootstrap bootstrap, List<? extends LazyBlob> blobs, Path target, long device)
            throws IOException {
        return added(
                fills,
                HollowImage.of(bootstrap),
                bootstrap,
                blobs,
                NativePath.bytes(target),
                () -> new Superblock(fills.group(), device, TYPE));
    }

    private static ComposefsMounted added(
            ObjectFills fills,
            HollowImage hollow,
            Bootstrap bootstrap,
            List<? extends LazyBlob> blobs,
            byte[] target,
            Showing showing)
            throws IOException {
        ImageObjects image = fills.add(hollow, bootstrap, blobs);
        try {
            return new ComposefsMounted(fills, image, target, showing.run());
        } catch (IOException | RuntimeException e) {
            fills.objects().remove(image);
            throw e;
        }
    }

    @Override
    public boolean isDetached() {
        return fills.isClosed() || image.isKept();
    }

    /** Tells whether all content is here: that of one blob is not told from that of others. */
    @Override
    public boolean isComplete(LazyBlob blob) {
        return image.isKept();
    }

    @Override
    public BackgroundFill fillAll() {
        return BackgroundFill.start(this::fillAll);
    }

    private void fillAll(BooleanSupplier stopped) throws IOException {
        Deque<CompletableFuture<Boolean>> underWay = new ArrayDeque<>();
        for (StoreObject object : image.objects()) {
            if (stopped.getAsBoolean()) {
                return;
            }
            if (!object.isKept()) {
                underWay.add(fills.objects().fill(object));
            }
            if (underWay.size() == FILLED_AT_A_TIME) {
                check(underWay.remove().join());
            }
        }
        for (CompletableFuture<Boolean> last : underWay) {
            check(last.join());
        }
    }

    private static void check(boolean filled) throws IOException {
        if (!filled) {
            throw new IOException("some objects cannot be filled");
        }
    }

    @Override
    public void detach() {
        fills.objects().remove(image);
    }
}
