package io.nydus4j.daemon;

import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nydus4j.linux.file.ProcessIdentity;
import java.nio.file.Files;
import java.nio.file.Path;

/** Tells tests that mount whether they can. */
public final class FuseCondition {
    private FuseCondition() {}

    /** Skips the test where it cannot mount or make a tree with any owner, but fails where {@code CI} says that it must run. */
    public static void requireRootAndFuse() {
        boolean possible = ProcessIdentity.isRoot() && Files.isWritable(Path.of("/dev/fuse"));
        if (!possible && System.getenv("CI") != null) {
            fail("this test must run here, but needs root and /dev/fuse");
        }
        assumeTrue(possible, "needs root and /dev/fuse");
    }
}
