package io.nydus4j.linux;

import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import io.nydus4j.linux.file.ProcessIdentity;
import java.nio.file.Files;
import java.nio.file.Path;

/** What tests need of the machine: they skip, saying what is missing, but under {@code CI=true} they fail. */
public final class Requirements {
    private Requirements() {}

    /** Needs root. */
    public static void root() {
        require(ProcessIdentity.isRoot(), "root");
    }

    /** Needs root and the kernel's FUSE. */
    public static void fuse() {
        root();
        require(Files.exists(Path.of("/dev/fuse")), "/dev/fuse");
    }

    /** Needs a program. */
    public static void program(String name) {
        boolean found = false;
        for (String directory : System.getenv().getOrDefault("PATH", "/usr/bin").split(":", -1)) {
            found |= Files.isExecutable(Path.of(directory, name));
        }
        require(found, "the program " + name);
    }

    private static void require(boolean present, String what) {
        if (present) {
            return;
        }
        if ("true".equals(System.getenv("CI"))) {
            fail("this machine lacks " + what);
        }
        abort("this machine lacks " + what);
    }
}
