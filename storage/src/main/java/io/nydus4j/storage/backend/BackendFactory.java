package io.nydus4j.storage.backend;

import io.nydus4j.storage.BackendCounters;
import io.nydus4j.storage.BackendException;
import io.nydus4j.storage.BlobBackend;
import io.nydus4j.storage.config.BackendSettings;
import io.nydus4j.storage.config.HttpProxySettings;
import io.nydus4j.storage.config.LocalDiskSettings;
import io.nydus4j.storage.config.LocalFsSettings;
import io.nydus4j.storage.config.OssSettings;
import io.nydus4j.storage.config.RegistrySettings;
import io.nydus4j.storage.config.S3Settings;

/** Makes backends from their settings. */
public final class BackendFactory {
    private BackendFactory() {}

    /**
     * Makes a backend. Asks nothing of a network.
     *
     * @param settings where blobs are
     * @param counters counts what is read
     * @return to be closed by the caller
     * @throws BackendException if there is no such backend here, or its place cannot be used
     */
    public static BlobBackend open(BackendSettings settings, BackendCounters counters) throws BackendException {
        return switch (settings) {
            case LocalFsSettings local -> new LocalFsBackend(local, counters);
            case LocalDiskSettings _, OssSettings _, S3Settings _, RegistrySettings _, HttpProxySettings _ ->
                throw new BackendException(settings.kind(), "open", "this kind of backend is not supported yet", false);
        };
    }
}
