package io.nydus4j.build;

import io.nydus4j.build.ProgressListener.Step;
import io.nydus4j.build.extract.ImageExtraction;
import io.nydus4j.build.write.OutputFile;
import io.nydus4j.rafs.BootstrapWalk;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import io.nydus4j.storage.device.BlobDevice;
import java.io.IOException;
import java.util.Optional;

/**
 * Turns an image back into a tar archive, or into files: {@code nydus-image unpack}.
 *
 * <p>Every chunk is verified. Nothing half-written stays behind, unless the output is a FIFO.
 */
public final class UnpackImage {
    private final UnpackOptions options;
    private final ProgressListener listener;

    /**
     * Prepares unpacking; nothing is read yet.
     *
     * @param options  what to unpack
     * @param listener hears how far the work is
     */
    public UnpackImage(UnpackOptions options, ProgressListener listener) {
        this.options = options;
        this.listener = listener;
    }

    /**
     * Unpacks the image. May block on the network.
     *
     * @throws IOException if the image is broken, a blob cannot be read, or the archive or a file cannot be written
     */
    public void run() throws IOException {
        try (Rafs image = ImageLoading.load(options.bootstrap(), options.blobs(), LoadOptions.DEFAULT)) {
            switch (options.form()) {
                case ARCHIVE -> writeArchive(image);
                case DIRECTORY -> {
                    try (BlobDevice data = BlobDevice.open(image, options.blobs())) {
                        ImageExtraction.extract(image, data, options.output(), this::report);
                    }
                }
            }
        }
    }

    private void report(long bytes) {
        listener.progress(Step.UNPACK, bytes, -1);
    }

    private void writeArchive(Rafs image) throws IOException {
        try (OutputFile file = OutputFile.at(options.output());
                BlobDevice data = BlobDevice.open(image, options.blobs());
                OrderedOutput output =
                        new OrderedOutput(file, data, Runtime.getRuntime().availableProcessors(), this::report)) {
            TarImage tar = new TarImage(output);
            BootstrapWalk.walkDirectory(image, image.rootIno(), Optional.empty(), (inode, walk) -> {
                tar.add(inode, walk);
                return true;
            });
            tar.finish();
            output.flush();
            file.sync();
            file.commit();
        }
    }
}
