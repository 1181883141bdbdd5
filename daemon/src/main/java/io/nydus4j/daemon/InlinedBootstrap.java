package io.nydus4j.daemon;

import io.nydus4j.blob.PositionalSource;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.storage.BackendCounters;
import io.nydus4j.storage.BlobBackend;
import io.nydus4j.storage.backend.BackendFactory;
import io.nydus4j.storage.config.BackendSettings;
import io.nydus4j.storage.config.FileCacheSettings;
import io.nydus4j.storage.config.StorageConfiguration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Finds a bootstrap in the blob that it names: opens the backend only if it comes to that. Used by one thread. */
final class InlinedBootstrap implements LoadOptions.InlinedBlobs, AutoCloseable {
    private final StorageConfiguration configuration;
    private @Nullable BlobBackend backend;

    InlinedBootstrap(StorageConfiguration configuration) {
        this.configuration = configuration;
    }

    @Override
    public PositionalSource open(String blobId) throws IOException {
        BlobBackend opened = backend;
        if (opened == null) {
            BackendSettings settings = configuration
                    .requireBackend()
                    .settings()
                    .orElseThrow(() -> new IOException("no configuration information for backend"));
            opened = BackendFactory.open(settings, new BackendCounters(settings.kind()));
            backend = opened;
        }
        Files.createDirectories(folder());
        return opened.open(blobId);
    }

    @Override
    public Path target(String blobId) {
        return folder().resolve(blobId + ".image.boot");
    }

    private Path folder() {
        return configuration
                .cache()
                .flatMap(cache -> cache.fileCache())
                .map(FileCacheSettings::workDirectory)
                .map(Path::of)
                .orElse(Path.of("."));
    }

    @Override
    public void close() {
        BlobBackend opened = backend;
        if (opened != null) {
            opened.close();
        }
    }
}
