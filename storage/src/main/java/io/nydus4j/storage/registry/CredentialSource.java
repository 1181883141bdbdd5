package io.nydus4j.storage.registry;

import java.io.IOException;
import java.util.Optional;

/** Knows who asks a registry; is asked again whenever a registry wants to know, since passwords change. */
@FunctionalInterface
public interface CredentialSource {
    /** Nobody in particular. */
    CredentialSource ANONYMOUS = Optional::empty;

    /**
     * Returns who asks; empty for nobody in particular. May run another program.
     *
     * @throws IOException if it cannot be found out
     */
    Optional<RegistryCredentials> find() throws IOException;
}
