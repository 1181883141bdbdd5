package io.nydus4j.storage.config;

import java.util.List;
import java.util.Optional;

/**
 * Blobs in files.
 *
 * @param blobFile             path of the one blob; empty if blobs are found by id
 * @param directory            folder of files named by blob ids; empty if {@code blobFile} counts
 * @param alternateDirectories folders that are searched after {@code directory}, in this order
 */
public record LocalFsSettings(String blobFile, String directory, List<String> alternateDirectories)
        implements BackendSettings {
    /** Copies the list. */
    public LocalFsSettings {
        alternateDirectories = List.copyOf(alternateDirectories);
    }

    @Override
    public String kind() {
        return "localfs";
    }

    @Override
    public Optional<String> problem() {
        return blobFile.isEmpty() && directory.isEmpty()
                ? Optional.of("backend.localfs: neither blob_file nor dir is set")
                : Optional.empty();
    }
}
