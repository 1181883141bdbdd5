package io.nydus4j.build;

import java.io.IOException;
import java.util.List;

/** Says that images of different format versions cannot be used together. */
public final class MixedVersionsException extends IOException {
    private static final long serialVersionUID = 1L;

    private final transient List<String> versions;

    MixedVersionsException(List<String> versions) {
        super("Bootstrap versions are inconsistent, cannot use chunkdict.");
        this.versions = List.copyOf(versions);
    }

    /** Returns a line for each image that says its version. */
    public List<String> versions() {
        return versions;
    }
}
