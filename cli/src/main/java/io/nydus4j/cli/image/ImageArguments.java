package io.nydus4j.cli.image;

import io.nydus4j.build.ImageLoading;
import io.nydus4j.cli.option.Arguments;
import io.nydus4j.cli.option.Syntax;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import io.nydus4j.storage.BackendCounters;
import io.nydus4j.storage.BlobBackend;
import io.nydus4j.storage.backend.BackendFactory;
import io.nydus4j.storage.config.BackendSettings;
import io.nydus4j.storage.config.LocalFsSettings;
import io.nydus4j.storage.config.StorageConfiguration;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The image that a command looks at: its bootstrap, and where its blobs are if the command line says so. */
final class ImageArguments implements AutoCloseable {
    private final Path bootstrap;
    private final @Nullable BlobBackend blobs;

    private ImageArguments(Path bootstrap, @Nullable BlobBackend blobs) {
        this.bootstrap = bootstrap;
        this.blobs = blobs;
    }

    /** Adds the options that name an image and where its blobs are. */
    static Syntax addTo(Syntax syntax) {
        return syntax.positional(
                        "BOOTSTRAP", 0, 1, "The image's metadata: a bootstrap, or a blob with inlined metadata.")
                .value("-B --bootstrap", "The same, as it was spelled in earlier versions.")
                .value("-D --blob-dir", "The directory of the data blobs.")
                .value("-C --config", "Configuration that says where the data blobs are.")
                .conflict("--blob-dir", "--config")
                .positionalOr("--bootstrap", "BOOTSTRAP");
    }

    /**
     * Opens what the arguments name.
     *
     * @throws IOException if the configuration cannot be used
     */
    static ImageArguments open(Arguments arguments) throws IOException {
        boolean old = arguments.has("--bootstrap");
        Path bootstrap = old
                ? arguments.path("--bootstrap").orElseThrow()
                : arguments.positionalPaths().getFirst();
        BlobBackend blobs = configured(arguments).orElse(null);
        if (blobs == null && arguments.has("--blob-dir") && !old) {
            blobs = directory(arguments.text("--blob-dir"));
        }
        return new ImageArguments(bootstrap, blobs);
    }

    /**
     * Opens the backend of the configuration that {@code --config} names, if that is given.
     *
     * @return to be closed by the caller
     * @throws IOException if the configuration cannot be used
     */
    static Optional<BlobBackend> configured(Arguments arguments) throws IOException {
        Optional<Path> configuration = arguments.path("--config");
        return configuration.isEmpty()
                ? Optional.empty()
                : Optional.of(backend(StorageConfiguration.load(configuration.get())));
    }

    /** Opens the backend that a configuration names. */
    static BlobBackend backend(StorageConfiguration configuration) throws IOException {
        BackendSettings settings = configuration
                .requireBackend()
                .settings()
                .orElseThrow(() -> new IOException("the configuration names no backend"));
        return BackendFactory.open(settings, new BackendCounters(settings.kind()));
    }

    /** Opens a backend over a directory of blobs. */
    static BlobBackend directory(String directory) throws IOException {
        LocalFsSettings settings = new LocalFsSettings("", directory, List.of());
        return BackendFactory.open(settings, new BackendCounters(settings.kind()));
    }

    /** Opens a backend that finds every blob in one file. */
    static BlobBackend file(String file) throws IOException {
        LocalFsSettings settings = new LocalFsSettings(file, "", List.of());
        return BackendFactory.open(settings, new BackendCounters(settings.kind()));
    }

    /** Returns the bootstrap as given. */
    Path bootstrap() {
        return bootstrap;
    }

    /** Returns where the blobs are, if the command line says so. */
    Optional<BlobBackend> blobs() {
        return Optional.ofNullable(blobs);
    }

    /**
     * Loads the image and logs its features.
     *
     * @throws IOException if it is broken or cannot be read
     */
    Rafs load() throws IOException {
        return load(LoadOptions.DEFAULT);
    }

    /** Loads the image in a way, else as {@link #load()}. */
    Rafs load(LoadOptions options) throws IOException {
        Rafs rafs = blobs == null ? Rafs.load(bootstrap, options) : ImageLoading.load(bootstrap, blobs, options);
        ImageLoading.logFeatures(rafs);
        return rafs;
    }

    @Override
    public void close() {
        if (blobs != null) {
            blobs.close();
        }
    }
}
