package io.nydus4j.daemon;

import io.nydus4j.daemon.api.MountRequest;
import io.nydus4j.daemon.api.ServiceException;
import io.nydus4j.daemon.fuse.FuseCommons;
import io.nydus4j.daemon.state.FileSystemType;
import io.nydus4j.daemon.state.MountRecord;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.storage.config.ConfigurationException;
import io.nydus4j.storage.config.StorageConfiguration;
import io.nydus4j.storage.device.BlobPool;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Opens the file systems that {@link Mounts} shows, and has the kernel show them where it is the kernel that serves. Safe for use by
 * several threads.
 */
final class FileSystemOpener {
    private final FuseCommons commons;
    private final BlobPool pool;
    private final byte[] shown;
    private final Optional<Path> runFolder;
    private volatile @Nullable ErofsFrontEnd kernel;

    /**
     * Makes it.
     *
     * @param pool      opens blobs, each once
     * @param shown     where all that is served shows up on the host, without symbolic links
     * @param runFolder folder of what a successor needs, if one shall take over
     */
    FileSystemOpener(FuseCommons commons, BlobPool pool, Path shown, Optional<Path> runFolder) {
        this.commons = commons;
        this.pool = pool;
        this.shown = NativePath.bytes(shown);
        this.runFolder = runFolder;
    }

    /**
     * Returns a place for a file system.
     *
     * @param mountPoint where in the daemon's name space, as the request has it
     * @param index      index among the mounts, 1 to 255
     * @param atRoot     whether that is the root
     */
    MountPlace place(String mountPoint, int index, boolean atRoot) {
        // Where it is noted which nodes the kernel knows of a mount.
        Optional<byte[]> journal = runFolder.map(folder -> NativePath.bytes(folder.resolve("nodes-" + index)));
        return new MountPlace(mountPoint, index, atRoot, false, false, shown, journal);
    }

    /** Says that the kernel's EROFS shall serve what is opened from now on; null for the VFS. */
    void serveBy(@Nullable ErofsFrontEnd frontEnd) {
        kernel = frontEnd;
        // Whoever reads a file that the kernel holds readers of back waits, too.
        pool.sharesChunks(frontEnd == null);
    }

    /** Tells whether the kernel's EROFS serves what is opened. */
    boolean isForKernel() {
        return kernel != null;
    }

    /** Says that what is opened from now on may still be in use by a predecessor, or no longer. */
    void takingOver(boolean wanted) {
        pool.takingOver(wanted);
    }

    /** Returns what a request wants mounted. */
    static FileSystemType type(MountRequest request) throws ServiceException {
        return FileSystemType.of(request.type())
                .orElseThrow(() ->
                        ServiceException.other("invalid argument `only 'rafs' and 'passthrough_fs' are supported, but "
                                + request.type() + " was specified`"));
    }

    /** Opens what a request wants mounted. */
    ServedFileSystem open(MountRequest request, MountPlace place) throws ServiceException, IOException {
        return switch (type(request)) {
            case RAFS -> image(source(request), place);
            case PASSTHROUGH -> {
                if (isForKernel()) {
                    throw ServiceException.other("directories of the host are shown through FUSE only");
                }
                yield directory(request.source(), place);
            }
        };
    }

    /** Opens an image. */
    ServedFileSystem image(ImageSource source, MountPlace place) throws MountFailure {
        ServedImage image = ServedImage.open(source, place, pool, commons);
        ErofsFrontEnd frontEnd = kernel;
        if (frontEnd == null) {
            return image;
        }
        if (image.isChangeable()) {
            image.close();
            throw MountFailure.rules("a writable overlay is served through FUSE only");
        }
        try {
            return frontEnd.show(image);
        } catch (IOException | RuntimeException e) {
            image.close();
            throw MountFailure.kernel(e);
        }
    }

    /** Opens a directory of the host. */
    ServedFileSystem directory(String source, MountPlace place) throws IOException {
        return SharedDirectory.open(source, place);
    }

    /** Opens an image that shall be in the place of another. */
    ServedImage successor(ServedImage old, MountRequest request) throws ServiceException, IOException {
        return old.successor(source(request), pool, commons);
    }

    /** Opens an image that a predecessor showed and that can be seen no more, but is in use. */
    ServedFileSystem reopen(MountRecord mount, long device, ErofsFrontEnd frontEnd)
            throws IOException, ServiceException {
        MountPlace place = place(mount.mountPoint(), mount.index(), false).ofPredecessor();
        ServedImage image = ServedImage.open(source(mount.request()), place, pool, commons);
        try {
            return frontEnd.keep(image, device);
        } catch (IOException | RuntimeException e) {
            image.close();
            throw e;
        }
    }

    private static ImageSource source(MountRequest request) throws ServiceException, MountFailure {
        for (String file : request.prefetchFiles().orElse(List.of())) {
            if (!file.startsWith("/")) {
                throw ServiceException.other("invalid prefetch file list");
            }
        }
        StorageConfiguration configuration;
        try {
            configuration = StorageConfiguration.parse(request.config());
        } catch (ConfigurationException e) {
            throw MountFailure.configuration(e);
        }
        return new ImageSource(Path.of(request.source()), configuration, request.prefetchFiles());
    }
}
