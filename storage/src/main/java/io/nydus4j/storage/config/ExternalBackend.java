package io.nydus4j.storage.config;

import java.util.Map;

/**
 * A backend of external blobs. Kept and compared, used by nobody yet.
 *
 * @param patch  what is laid over the image's own settings
 * @param kind   kind of the backend
 * @param config its settings; they may hold secrets, so they are not shown
 */
public record ExternalBackend(Map<String, String> patch, String kind, Map<String, String> config) {
    /** Copies the maps. */
    public ExternalBackend {
        patch = Map.copyOf(patch);
        config = Map.copyOf(config);
    }

    /** Shows no values. */
    @Override
    public String toString() {
        return "ExternalBackend[patch=" + patch.keySet() + ", kind=" + kind + ", config=" + config.keySet() + "]";
    }
}
