package io.nydus4j.daemon;

import io.nydus4j.blob.PositionalSource;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import io.nydus4j.storage.BackendCounters;
import io.nydus4j.storage.BlobBackend;
import io.nydus4j.storage.backend.BackendFactory;
import io.nydus4j.storage.config.BackendSettings;
import io.nydus4j.storage.config.CacheConfiguration;
import io.nydus4j.storage.config.FileCacheSettings;
import io.nydus4j.storage.config.StorageConfiguration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Finds a bootstrap in the blob that it names: opens the backend only if it comes to that. Used by one thread.
 *
 * <p>What was extracted stays in the folder of the cache, as the reference has it; a cache without a folder gets a temporary one,
 * which is gone when the bootstrap is mapped.
 */
final class InlinedBootstrap implements LoadOptions.InlinedBlobs, AutoCloseable {
    private static final String SUFFIX = ".image.boot";

    private final StorageConfiguration configuration;
    private final Path file;
    private final boolean temporary;
    private @Nullable BlobBackend backend;

    private InlinedBootstrap(StorageConfiguration configuration, Path file, boolean temporary) {
        this.configuration = configuration;
        this.file = file;
        this.temporary = temporary;
    }

    /** Prepares to look into the blob that {@code bootstrap} names. */
    static InlinedBootstrap of(StorageConfiguration configuration, Path bootstrap) throws IOException {
        Optional<Path> place = place(configuration, bootstrap);
        return place.isPresent()
                ? new InlinedBootstrap(configuration, place.get(), false)
                : new InlinedBootstrap(configuration, Files.createTempFile("nydus4j-", SUFFIX), true);
    }

    /** Returns where the bootstrap of the blob that {@code bootstrap} names is extracted to; empty if it does not stay. */
    static Optional<Path> place(StorageConfiguration configuration, Path bootstrap) {
        return configuration
                .cache()
                .flatMap(CacheConfiguration::fileCache)
                .map(FileCacheSettings::workDirectory)
                .map(folder -> Path.of(folder).resolve(Rafs.blobId(bootstrap) + SUFFIX));
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
        Path folder = file.getParent();
        if (folder != null) {
            Files.createDirectories(folder);
        }
        return opened.open(blobId);
    }

    @Override
    public Path target(String blobId) {
        return file;
    }

    @Override
    public void close() throws IOException {
        BlobBackend opened = backend;
        if (opened != null) {
            opened.close();
        }
        if (temporary) {
            Files.deleteIfExists(file);
        }
    }
}
