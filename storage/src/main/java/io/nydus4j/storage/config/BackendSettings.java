package io.nydus4j.storage.config;

import java.util.Optional;

/** What one kind of backend must know to find blobs. */
public sealed interface BackendSettings
        permits LocalDiskSettings, LocalFsSettings, OssSettings, S3Settings, RegistrySettings, HttpProxySettings {
    /** Returns the word for this kind of backend in documents. */
    String kind();

    /** Returns what makes these settings unusable, if anything does. */
    Optional<String> problem();
}
