package io.nydus4j.storage.registry;

import io.nydus4j.storage.config.Secret;
import java.util.Optional;

/** Knows what backends were told since they were made: credentials of registries, which change while an image is mounted. */
@FunctionalInterface
public interface AuthUpdates {
    /** Nobody is ever told anything. */
    AuthUpdates NONE = _ -> Optional.empty();

    /**
     * Returns what counts instead of the configuration of a backend.
     *
     * @param backendId the id of the backend in metrics: the mount point that it was made for
     * @return {@code user:password} in base64, an empty text for nobody in particular; nothing if the configuration counts
     */
    Optional<Secret> find(String backendId);
}
