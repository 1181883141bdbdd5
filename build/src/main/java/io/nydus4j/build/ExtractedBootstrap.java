package io.nydus4j.build;

import io.nydus4j.blob.PositionalSource;
import io.nydus4j.build.write.UnfinishedFiles;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.storage.BlobBackend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A place for the bootstrap that is taken out of a blob, for as long as it takes to map it: a mapping outlives its file's name, so nothing
 * needs to be left behind. Nothing is made for an image that is no blob. Not safe for use by several threads.
 */
final class ExtractedBootstrap implements LoadOptions.InlinedBlobs, AutoCloseable {
    private static final String NAME = "image.boot";

    private final BlobBackend blobs;
    private @Nullable Path folder;

    ExtractedBootstrap(BlobBackend blobs) {
        this.blobs = blobs;
    }

    @Override
    public PositionalSource open(String blobId) throws IOException {
        return blobs.open(blobId);
    }

    @Override
    public Path target(String blobId) throws IOException {
        Path made = Files.createTempDirectory("nydus4j-");
        folder = made;
        UnfinishedFiles.ofProcess().add(made);
        return made.resolve(NAME);
    }

    @Override
    public void close() throws IOException {
        Path made = folder;
        if (made != null) {
            Files.deleteIfExists(made.resolve(NAME));
            Files.deleteIfExists(made);
            UnfinishedFiles.ofProcess().remove(made);
        }
    }
}
