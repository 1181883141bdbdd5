package io.nydus4j.daemon;

import java.util.Locale;
import java.util.Optional;

/** By what means the kernel shows an image. */
public enum Driver {
    /** EROFS where the kernel, rights, the cache and the image allow it, else FUSE. */
    AUTO,
    /** The daemon answers each request of the kernel. */
    FUSE,
    /** The kernel's own EROFS reads the cache's files, which the daemon fills before that. */
    EROFS;

    /** Returns the driver that a word names. */
    public static Optional<Driver> of(String word) {
        for (Driver driver : values()) {
            if (driver.word().equals(word)) {
                return Optional.of(driver);
            }
        }
        return Optional.empty();
    }

    /** Returns the word that names this driver. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
