package io.nydus4j.linux;

import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import io.nydus4j.linux.file.ProcessIdentity;
import io.nydus4j.linux.mount.ErofsMount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What tests need of the machine: they skip, saying what is missing, but under {@code CI=true} they fail. */
public final class Requirements {
    private static final int FIRST_PRE_CONTENT = 6_014;

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

    /** Needs root and a kernel that knows EROFS. */
    public static void rootAndErofs() throws IOException {
        root();
        require(ErofsMount.isKnown(), "a kernel with EROFS");
        program("mkfs.erofs");
    }

    /** Needs root and a kernel that holds readers back before they touch a range. */
    public static void rootAndPreContentEvents() {
        root();
        String[] release = System.getProperty("os.version").split("[.-]", -1);
        int version = Integer.parseInt(release[0]) * 1000 + Integer.parseInt(release[1]);
        require(version >= FIRST_PRE_CONTENT, "Linux 6.14 or later, for pre-content events");
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
