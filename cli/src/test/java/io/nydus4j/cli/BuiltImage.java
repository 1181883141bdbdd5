package io.nydus4j.cli;

import io.nydus4j.build.BuildResult;
import io.nydus4j.build.CreateImage;
import io.nydus4j.build.CreateOptions;
import io.nydus4j.build.ProgressListener;
import io.nydus4j.daemon.DaemonOptions;
import io.nydus4j.daemon.ImageSource;
import io.nydus4j.storage.TestStores;
import io.nydus4j.storage.config.CacheConfiguration;
import io.nydus4j.storage.config.StorageConfiguration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * An image that a test has built.
 *
 * @param directory its files are in {@code blobs} there
 * @param result    what was built
 */
record BuiltImage(Path directory, BuildResult result) {
    /** Builds an image in a test's directory. */
    static BuiltImage in(Path directory, CreateOptions.Builder options) throws IOException {
        Path blobs = Files.createDirectory(directory.resolve("blobs"));
        return new BuiltImage(
                directory, new CreateImage(options.blobDirectory(blobs).build(), ProgressListener.NONE).run());
    }

    Path blobs() {
        return directory.resolve("blobs");
    }

    /** Returns the first data blob. */
    Path blob() {
        return blobs().resolve(result.blobs().getFirst());
    }

    /** Returns the bootstrap, or the blob that has it within. */
    Path bootstrap() {
        return result.bootstrap().orElseGet(this::blob);
    }

    /** Returns what mounts it on {@code mnt}, both new, with a new {@code cache}. */
    DaemonOptions.Builder mounting() throws IOException {
        Path cache = Files.createDirectory(directory.resolve("cache"));
        StorageConfiguration configuration = TestStores.of(blobs(), CacheConfiguration.inFiles(cache.toString()));
        ImageSource source = new ImageSource(bootstrap(), configuration, Optional.empty());
        return DaemonOptions.builder(Files.createDirectory(directory.resolve("mnt")), source);
    }
}
