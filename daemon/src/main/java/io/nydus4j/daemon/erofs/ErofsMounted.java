package io.nydus4j.daemon.erofs;

import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.mount.ErofsMount;
import io.nydus4j.storage.LazyBlob;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * An image that the kernel's EROFS serves: metadata from the bootstrap's file, data from the cache files of its blobs, which are filled
 * before the kernel reads them. Safe for use by several threads.
 */
public final class ErofsMounted {
    private final FillService fills;
    private final List<? extends LazyBlob> blobs;
    private final byte[] target;

    private ErofsMounted(FillService fills, List<? extends LazyBlob> blobs, byte[] target) {
        this.fills = fills;
        this.blobs = blobs;
        this.target = target;
    }

    /**
     * Mounts an image.
     *
     * @param fills     fills its blobs
     * @param bootstrap file with nothing but the metadata, v6
     * @param blobs     its data by blob index, each with a file; open until this mount is gone
     * @param target    directory to mount on
     * @throws IOException if the kernel refuses; nothing is left behind
     */
    public static ErofsMounted mount(FillService fills, Path bootstrap, List<? extends LazyBlob> blobs, Path target)
            throws IOException {
        ErofsMounted mounted = attach(fills, blobs, target);
        try {
            List<byte[]> devices = new ArrayList<>();
            for (LazyBlob blob : blobs) {
                devices.add(bytes(fills.pathOf(blob)));
            }
            ErofsMount.mount(bytes(bootstrap), devices, mounted.target);
            return mounted;
        } catch (IOException | RuntimeException e) {
            mounted.detach();
            throw e;
        }
    }

    /** Takes over a mount that a predecessor made: its files are filled from now on. */
    static ErofsMounted attach(FillService fills, List<? extends LazyBlob> blobs, Path target) throws IOException {
        List<LazyBlob> added = new ArrayList<>();
        try {
            for (LazyBlob blob : blobs) {
                fills.add(blob);
                added.add(blob);
            }
            return new ErofsMounted(fills, List.copyOf(blobs), bytes(target));
        } catch (IOException | RuntimeException e) {
            added.forEach(fills::remove);
            throw e;
        }
    }

    private static byte[] bytes(Path path) {
        return path.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** Tells whether the kernel asks for nothing any more: the mount needs no process. */
    public boolean isDetached() {
        return blobs.stream().noneMatch(fills::isAsked);
    }

    /**
     * Unmounts.
     *
     * @return false if somebody uses the mount, which then stays
     * @throws IOException if the kernel refuses for another reason
     */
    public boolean unmount() throws IOException {
        try {
            ErofsMount.unmount(target);
        } catch (ErrnoException e) {
            if (e.errno() == Errno.EBUSY) {
                return false;
            }
            if (e.errno() != Errno.EINVAL && e.errno() != Errno.ENOENT) { // not a mount any more
                throw e;
            }
        }
        detach();
        return true;
    }

    /** Lets go of the blobs; the mount, if it is still there, must need nothing any more. */
    public void detach() {
        blobs.forEach(fills::remove);
    }
}
