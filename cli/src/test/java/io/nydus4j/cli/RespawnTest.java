package io.nydus4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The shell loop behind {@code nydusd --respawn}, with a script in the place of the daemon. */
@Timeout(value = 1, unit = TimeUnit.MINUTES)
class RespawnTest {
    @TempDir
    Path folder;

    @BeforeEach
    void makeLoop() throws IOException {
        Files.writeString(
                folder.resolve("loop"),
                "tool=nydusd\n. '" + System.getProperty("nydus4j.root") + "/libexec/respawn.sh'\n"
                        + "respawn bash daemon\n");
        Files.createFile(folder.resolve("runs"));
    }

    private Process start(String daemon) throws IOException {
        Files.writeString(folder.resolve("daemon"), "echo run >>runs\n" + daemon);
        return new ProcessBuilder("bash", "loop")
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("out").toFile())
                .start();
    }

    private String runs() throws IOException {
        return Files.readString(folder.resolve("runs"), StandardCharsets.US_ASCII)
                .replace('\n', ' ')
                .strip();
    }

    @Test
    void startsAgainWhatDiedOfASignalAndNotWhatEnded() throws Exception {
        Process loop = start("(( $(wc -l <runs) > 3 )) && exit 0\nkill -9 $$\n");
        assertThat(loop.waitFor()).isZero();
        assertThat(runs()).isEqualTo("run run run run");
    }

    @Test
    void endsWithTheCodeOfWhatFailedByItself() throws Exception {
        assertThat(start("exit 2\n").waitFor()).isEqualTo(2);
        assertThat(runs()).isEqualTo("run");
    }

    @Test
    void triesAgainWhatFailedAfterADeath() throws Exception {
        Process loop = start("case $(wc -l <runs) in 1) kill -9 $$ ;; 2) exit 1 ;; esac\nexit 0\n");
        assertThat(loop.waitFor()).isZero();
        assertThat(runs()).isEqualTo("run run run");
    }

    @Test
    void passesTheOrderToEndOn() throws Exception {
        Process loop = start("trap 'echo told >>runs; exit 0' TERM\nwhile :; do sleep 0.05; done\n");
        while (!runs().equals("run")) {
            Thread.sleep(20);
        }
        Thread.sleep(200); // until the trap is set
        loop.destroy();
        assertThat(loop.waitFor()).isZero();
        assertThat(runs()).isEqualTo("run told");
    }
}
