package io.nydus4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.cli.image.NydusImage;
import io.nydus4j.linux.Requirements;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What commands show of their progress: on a terminal a line that goes away, elsewhere nothing. */
class ProgressTest {
    @TempDir
    Path folder;

    @BeforeEach
    void makeSource() throws IOException {
        Path source = Files.createDirectory(folder.resolve("in"));
        Files.write(source.resolve("file"), new byte[4 << 20]);
        Files.createDirectory(folder.resolve("out"));
    }

    /** Returns the shell's command line of {@code nydus-image}; whether standard error is a terminal is said as the launchers do it. */
    private String create() {
        return "if [ -t 2 ]; then export NYDUS4J_STDERR_TTY=1; fi; cd '" + folder + "' && exec '"
                + Path.of(System.getProperty("java.home"), "bin", "java")
                + "' -XX:TieredStopAtLevel=1 -XX:+UseSerialGC --enable-native-access=ALL-UNNAMED -cp '"
                + System.getProperty("java.class.path") + "' " + NydusImage.class.getName()
                + " -l error create -D out in";
    }

    private static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }

    @Test
    void aTerminalSeesALineThatGoesAway() throws Exception {
        Requirements.program("script");
        Path script = Files.writeString(folder.resolve("run.sh"), create());
        String output = run("script", "-qec", "sh " + script, "/dev/null");
        assertThat(output).contains("\rreading the tree", " \r");
    }

    @Test
    void aPipeSeesNothing() throws Exception {
        assertThat(run("sh", "-c", create())).doesNotContain("\r", "reading the tree", "storing data");
    }
}
