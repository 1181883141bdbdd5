package io.nydus4j.cli.nydusd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads command lines of {@code nydusd}. */
class NydusdTest {
    /** Returns what a command line that is wrong makes the command say. */
    private static String refused(String... words) {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = Nydusd.run(
                new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                words);
        assertThat(code).isEqualTo(2);
        return err.toString(StandardCharsets.UTF_8);
    }

    /** The driver has the name of a subcommand. */
    @Test
    void takesFuseForTheDriver() {
        assertThat(refused("--driver", "fuse")).contains("--mountpoint").doesNotContain("'--driver");
    }

    @Test
    void refusesToUnmountOrphansOfFuse() {
        assertThat(refused("--mountpoint", "/mnt", "--unmount-on-orphan", "5"))
                .startsWith("error: '--unmount-on-orphan' is for images that the kernel serves by itself");
        assertThat(refused("--driver", "fuse", "--mountpoint", "/mnt", "--unmount-on-orphan", "5"))
                .contains("it needs '--driver erofs'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-1", "+5", "5s", "", "2147483648"})
    void refusesTimesForOrphansThatAreNone(String seconds) {
        assertThat(refused("--driver", "erofs", "--mountpoint", "/mnt", "--unmount-on-orphan=" + seconds))
                .contains("--unmount-on-orphan");
    }

    @Test
    void refusesASizeOfLogsThatIsTooLarge() {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = Nydusd.run(
                new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                "--log-rotation-size=9223372036854775807");
        assertThat(code).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .isEqualTo("Error: invalid log rotation size: number too large to fit in target type\n");
    }
}
