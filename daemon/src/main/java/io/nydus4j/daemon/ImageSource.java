package io.nydus4j.daemon;

import io.nydus4j.storage.config.StorageConfiguration;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * An image to be served.
 *
 * @param bootstrap     file with the metadata, or name of a blob that has it inlined
 * @param configuration where its data is and rests, and how it behaves
 * @param prefetchFiles absolute paths in the image to fetch first, instead of those that the image names
 */
public record ImageSource(Path bootstrap, StorageConfiguration configuration, Optional<List<String>> prefetchFiles) {
    /**
     * Checks the paths.
     *
     * @throws IllegalArgumentException if a path to prefetch is not absolute
     */
    public ImageSource {
        prefetchFiles = prefetchFiles.map(List::copyOf);
        for (String file : prefetchFiles.orElse(List.of())) {
            if (!file.startsWith("/")) {
                throw new IllegalArgumentException("invalid prefetch file list: " + file + " is not an absolute path");
            }
        }
    }
}
