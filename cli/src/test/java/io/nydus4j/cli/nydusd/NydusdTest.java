package io.nydus4j.cli.nydusd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Reads command lines of {@code nydusd}. */
class NydusdTest {
    /** The driver has the name of a subcommand. */
    @Test
    void takesFuseForTheDriver() {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = Nydusd.run(
                new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                "--driver",
                "fuse");
        assertThat(code).isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .contains("--mountpoint")
                .doesNotContain("'--driver");
    }
}
