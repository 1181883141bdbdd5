package io.nydus4j.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** What tests need of the machine: root, GNU tar, and programs in general. */
final class Root {
    private Root() {}

    /** Skips the test where this is not root, except in continuous integration, where that is a failure. */
    static void require() throws IOException {
        boolean root = Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
        if ("true".equals(System.getenv("CI"))) {
            assertThat(root).as("tests with owners and devices run as root").isTrue();
        }
        assumeTrue(root, "needs root: the tree has owners and devices");
    }

    /** Runs a program and returns what it prints; fails if it does. */
    static String run(String... command) throws IOException, InterruptedException {
        return run(List.of(command));
    }

    /** Runs a program and returns what it prints; fails if it does. */
    static String run(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(5, TimeUnit.MINUTES)).as("%s ends", command).isTrue();
        assertThat(process.exitValue()).as("%s: %s", command, output).isZero();
        return output;
    }

    /** Extracts an archive with GNU tar, everything kept. */
    static void extract(Path archive, Path directory) throws IOException, InterruptedException {
        run(
                "tar",
                "--xattrs",
                "--xattrs-include=*",
                "--numeric-owner",
                "--delay-directory-restore",
                "-xpf",
                archive.toString(),
                "-C",
                directory.toString());
    }

    /** Removes a tree that Java cannot name. */
    static void removeTree(Path directory) throws IOException {
        try {
            run("rm", "-rf", directory.toString());
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }
}
