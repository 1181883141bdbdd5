package io.nydus4j.cli.image;

import io.nydus4j.cli.option.Arguments;
import io.nydus4j.cli.option.Syntax;
import io.nydus4j.storage.BlobBackend;
import io.nydus4j.storage.config.StorageConfiguration;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** The options that say what kind of storage holds the data blobs, as several commands take them. */
final class BackendArguments {
    private static final List<String> KINDS = List.of("oss", "s3", "registry", "localdisk", "localfs", "http-proxy");

    private BackendArguments() {}

    /** Adds the options; the kind must be one that is known. */
    static Syntax addTo(Syntax syntax) {
        return addSettingsTo(syntax.choice("--backend-type", "", KINDS, "What kind of storage holds the data blobs."));
    }

    /** Adds the options; a kind that is not known is an error when it is opened. */
    static Syntax addAnyKindTo(Syntax syntax) {
        return addSettingsTo(syntax.value(
                "--backend-type",
                "What kind of storage holds the data blobs: oss, s3, registry, localdisk or http-proxy."));
    }

    private static Syntax addSettingsTo(Syntax syntax) {
        return syntax.value("--backend-config", "The storage's settings as JSON.")
                .value("--backend-config-file", "The file of the storage's settings as JSON.")
                .conflict("--backend-config", "--backend-config-file");
    }

    /**
     * Opens the storage that the options name.
     *
     * @return to be closed by the caller; empty if no kind of storage is named
     * @throws IOException if there are no settings, or they cannot be used
     */
    static Optional<BlobBackend> open(Arguments arguments) throws IOException {
        if (!arguments.has("--backend-type")) {
            return Optional.empty();
        }
        String kind = arguments.text("--backend-type");
        String settings;
        if (arguments.has("--backend-config")) {
            settings = arguments.text("--backend-config");
        } else if (arguments.has("--backend-config-file")) {
            settings = StorageConfiguration.readText(
                    arguments.path("--backend-config-file").orElseThrow());
        } else {
            throw new IOException("--backend-config or --backend-config-file must be specified");
        }
        return Optional.of(ImageArguments.backend(StorageConfiguration.parse(
                "{\"version\": 2, \"backend\": {\"type\": \"%s\", \"%s\": %s}}".formatted(kind, kind, settings))));
    }

    /**
     * Opens the storage that the options name, or the directory of {@code --blob-dir}. For commands that write to {@code localfs}, which
     * is not to be named as a kind of storage.
     */
    static BlobBackend openOrDirectory(Arguments arguments) throws IOException {
        try {
            if (arguments.has("--backend-type")
                    && arguments.text("--backend-type").equals("localfs")
                    && (arguments.has("--backend-config") || arguments.has("--backend-config-file"))) {
                throw new IOException("Use --blob-dir to specify localfs backend");
            }
            Optional<BlobBackend> named = open(arguments);
            if (named.isPresent()) {
                return named.get();
            }
        } catch (IOException e) {
            throw new IOException(e.getMessage() + ", --blob-dir or --backend-type must be specified", e.getCause());
        }
        if (!arguments.has("--blob-dir")) {
            throw new IOException("invalid backend configuration, --blob-dir or --backend-type must be specified");
        }
        return ImageArguments.directory(arguments.text("--blob-dir"));
    }
}
