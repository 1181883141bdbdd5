package io.nydus4j.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ResultFileTest {
    @TempDir
    private Path folder;

    @Test
    void fullDiskLeavesTheOlderResult() throws IOException, InterruptedException {
        Root.require();
        Path disk = Files.createDirectory(folder.resolve("disk"));
        Process mount = new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=64k", "none", disk.toString()).start();
        assumeTrue(mount.waitFor() == 0, "needs to mount a tmpfs");
        try {
            Path file = disk.resolve("result.json");
            ResultFile.write(file, "older");
            assertThatThrownBy(() -> ResultFile.write(file, "x".repeat(100_000)))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("No space left on device");
            assertThatThrownBy(() -> ResultFile.write(disk.resolve("new"), "x".repeat(100_000)))
                    .isInstanceOf(IOException.class);
            assertThat(file).hasContent("older");
            assertThat(disk.toFile().list()).containsExactly("result.json");
        } finally {
            Root.run("umount", disk.toString());
        }
    }

    @Test
    void fillsAFileThatIsMountedByItself() throws IOException, InterruptedException {
        Root.require();
        Path host = Files.writeString(folder.resolve("host.json"), "older and longer");
        Path file = Files.createFile(folder.resolve("result.json"));
        Process mount = new ProcessBuilder("mount", "--bind", host.toString(), file.toString()).start();
        assumeTrue(mount.waitFor() == 0, "needs to mount a file");
        try {
            ResultFile.write(file, "new");
            assertThat(host).hasContent("new");
        } finally {
            Root.run("umount", file.toString());
        }
        assertThat(folder.toFile().list()).containsExactlyInAnyOrder("host.json", "result.json");
    }
}
