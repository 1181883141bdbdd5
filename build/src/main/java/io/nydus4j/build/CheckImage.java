package io.nydus4j.build;

import io.nydus4j.build.ProgressListener.Step;
import io.nydus4j.build.read.ImageData;
import io.nydus4j.rafs.BootstrapListing;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import io.nydus4j.storage.BlobBackend;
import java.io.IOException;
import java.util.Optional;

/**
 * Checks an image: {@code nydus-image check}. All metadata is read: superblock, tables, every inode with its entries, xattrs and chunks, v5's
 * digests. On demand all data is read too and compared with its checksums and digests.
 */
public final class CheckImage {
    private static final System.Logger LOG = System.getLogger(CheckImage.class.getName());

    private final CheckOptions options;
    private final ProgressListener listener;

    /**
     * Prepares a check; nothing is read yet.
     *
     * @param options  what to check
     * @param listener hears how far the check is
     */
    public CheckImage(CheckOptions options, ProgressListener listener) {
        this.options = options;
        this.listener = listener;
    }

    /**
     * Checks the image. May block on the network.
     *
     * @throws IllegalArgumentException if data is to be verified and no blobs are given
     * @throws IOException              if the image is broken, or cannot be read
     */
    public CheckResult run() throws IOException {
        try (Rafs image = load(options.blobs())) {
            return check(image);
        }
    }

    /**
     * Checks the image, which the caller has loaded, and closes; its digests are validated by loading. May block on the network.
     *
     * @throws IllegalArgumentException if data is to be verified and no blobs are given
     * @throws IOException              if the image is broken, or cannot be read
     */
    public CheckResult check(Rafs image) throws IOException {
        if (options.verifyData() && options.blobs().isEmpty()) {
            throw new IllegalArgumentException("verifying data needs a place where the blobs are");
        }
        long inodes = image.superblock().inodesCount();
        listener.progress(Step.CHECK, 0, inodes);
        TraceRecorder trace = new TraceRecorder();
        refuseMistaken(trace.time("load_tree_from_bootstrap", () -> new BootstrapListing(image).check()));
        listener.progress(Step.CHECK, inodes, inodes);
        ImageData.Verified data = options.verifyData()
                ? ImageData.verify(
                        image,
                        options.blobs().orElseThrow(),
                        options.threads(),
                        (done, total) -> listener.progress(Step.VERIFY, done, total))
                : new ImageData.Verified(0, 0);
        return new CheckResult(
                options.bootstrap(),
                image.superblock().version(),
                image.superblock().compression(),
                image.blobs(),
                inodes,
                data.chunks(),
                data.bytes(),
                trace.trace());
    }

    /** An image is listed even if chunks have the records of others, as some of the reference's do; its data is not right then. */
    private void refuseMistaken(long chunks) throws IOException {
        if (chunks == 0) {
            return;
        }
        String message = chunks + " chunks have records of another length: the files that have them cannot be read";
        if (options.verifyData()) {
            throw new IOException(message);
        }
        LOG.log(System.Logger.Level.WARNING, message);
    }

    private Rafs load(Optional<BlobBackend> blobs) throws IOException {
        LoadOptions checked = LoadOptions.DEFAULT.withValidateDigests(true);
        return blobs.isPresent()
                ? ImageLoading.load(options.bootstrap(), blobs.get(), checked)
                : Rafs.load(options.bootstrap(), checked);
    }
}
