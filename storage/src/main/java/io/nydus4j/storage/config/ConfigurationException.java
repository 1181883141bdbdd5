package io.nydus4j.storage.config;

import java.io.IOException;

/**
 * Says that a configuration document cannot be used.
 *
 * <p>The message is the reference's text, which clients of the daemon match on; {@link #detail()} says what is wrong and where.
 */
public final class ConfigurationException extends IOException {
    private static final long serialVersionUID = 1L;

    private final String detail;

    /**
     * Describes the failure.
     *
     * @param message the reference's text
     * @param detail  which member is wrong and why; never holds a secret
     */
    public ConfigurationException(String message, String detail) {
        super(message);
        this.detail = detail;
    }

    /** Returns which member is wrong and why. */
    public String detail() {
        return detail;
    }

    static ConfigurationException unreadable(String detail) {
        return new ConfigurationException("failed to parse configuration information", detail);
    }

    static ConfigurationException invalid(String detail) {
        return new ConfigurationException("invalid configuration", detail);
    }

    static ConfigurationException absent(String section) {
        return new ConfigurationException(
                "no configuration information for " + section, "the document has no section '" + section + "'");
    }
}
