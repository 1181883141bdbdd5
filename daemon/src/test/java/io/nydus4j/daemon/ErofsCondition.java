package io.nydus4j.daemon;

import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.fanotify.PreContentGroup;
import io.nydus4j.linux.file.ProcessIdentity;
import io.nydus4j.linux.mount.ErofsMount;
import java.io.IOException;

/** Tells tests that let the kernel's EROFS serve lazy images whether they can. */
public final class ErofsCondition {
    private static final int FIRST_VERSION = 6_014;

    private ErofsCondition() {}

    /** Skips the test where it cannot be done, but fails where {@code CI} says that it must run and the kernel could. */
    public static void requireRootAndErofs() throws IOException {
        String missing = missing();
        if (!missing.isEmpty() && System.getenv("CI") != null && !missing.startsWith("kernel")) {
            fail("this test must run here, but needs " + missing);
        }
        assumeTrue(missing.isEmpty(), "needs " + missing);
    }

    private static String missing() throws IOException {
        String[] release = System.getProperty("os.version").split("[.-]", -1);
        if (Integer.parseInt(release[0]) * 1000 + Integer.parseInt(release[1]) < FIRST_VERSION
                || !ErofsMount.isKnown()) {
            return "kernel of Linux 6.14 or later with EROFS";
        }
        if (!ProcessIdentity.isRoot()) {
            return "root";
        }
        try (PreContentGroup _ = PreContentGroup.open()) {
            return "";
        } catch (ErrnoException e) {
            return "fanotify with pre-content events (" + e.getMessage() + ")";
        }
    }
}
