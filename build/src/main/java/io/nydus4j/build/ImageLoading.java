package io.nydus4j.build;

import io.nydus4j.rafs.RafsVersion;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import io.nydus4j.storage.BlobBackend;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.Optional;

/** Loads images for a command that is done soon: from a bootstrap, or from a blob with inlined metadata. */
public final class ImageLoading {
    private static final System.Logger LOG = System.getLogger(ImageLoading.class.getName());

    private ImageLoading() {}

    /** Logs the features of an image as the reference does when it loads one. */
    public static void logFeatures(Rafs image) {
        boolean v5 = image.superblock().version() == RafsVersion.V5;
        LOG.log(
                Level.INFO,
                (v5 ? "RAFS v5 super block features: " : "RAFS features: ")
                        + image.superblock().flags());
    }

    /**
     * Loads an image that another one is built from, to be closed by the caller, and logs its features.
     *
     * @param path  a bootstrap, or the name of a blob
     * @param blobs where the blob is, if that is known
     * @throws IOException if the image is broken or cannot be read
     */
    static Rafs loadSource(Path path, Optional<BlobBackend> blobs) throws IOException {
        Rafs image =
                blobs.isPresent() ? load(path, blobs.get(), LoadOptions.DEFAULT) : Rafs.load(path, LoadOptions.DEFAULT);
        logFeatures(image);
        return image;
    }

    /**
     * Loads an image, to be closed by the caller. May block on the network.
     *
     * @param path    a bootstrap, or the name of a blob
     * @param blobs   where the blob is
     * @param options how to load it, beside that
     * @throws IOException if the image is broken or cannot be read
     */
    public static Rafs load(Path path, BlobBackend blobs, LoadOptions options) throws IOException {
        try (ExtractedBootstrap bootstrap = new ExtractedBootstrap(blobs)) {
            return Rafs.load(path, options.withInlinedBlobs(bootstrap));
        }
    }
}
