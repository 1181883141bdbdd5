package io.nydus4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.cli.image.NydusImage;
import io.nydus4j.linux.ChildJvm;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class StandardOutputTest {
    private static final Path IMAGE = Path.of(System.getProperty("nydus4j.testdata"), "golden", "v6-zstd-4k", "boot");

    private static ProcessBuilder check() {
        return new ProcessBuilder(ChildJvm.command(NydusImage.class, "check", "-v", IMAGE.toString()));
    }

    @Test
    void fullDiskIsAFailure() throws IOException, InterruptedException {
        Process process = check().redirectOutput(new File("/dev/full")).start();
        String errors = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(errors).endsWith("Error: failed to write standard output: No space left on device\n");
        assertThat(process.waitFor()).isEqualTo(1);
    }

    @Test
    void readerThatWantsNoMoreIsNone() throws IOException, InterruptedException {
        Process process = check().start();
        process.getInputStream().close();
        String errors = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(errors).doesNotContain("Error");
        assertThat(process.waitFor()).isZero();
    }
}
