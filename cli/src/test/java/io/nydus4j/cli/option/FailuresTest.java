package io.nydus4j.cli.option;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import org.junit.jupiter.api.Test;

/** What a person is told of a failure. */
class FailuresTest {
    private static String printed(Throwable failure) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Failures.print(failure, new PrintStream(out, true, StandardCharsets.UTF_8));
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void causesAreToldOnce() {
        IOException deepest = new IOException("disk full");
        Exception repeats = new IOException("cannot write image: disk full", deepest);
        assertThat(printed(repeats)).isEqualTo("Error: cannot write image: disk full\n");
        assertThat(printed(new IOException("build failed", repeats)))
                .isEqualTo("Error: build failed\n\nCaused by:\n    cannot write image: disk full\n");
    }

    @Test
    void causesThatSayMoreAreNumbered() {
        Exception failure = new IOException("first", new IOException("second", new NoSuchFileException("/x")));
        assertThat(printed(failure))
                .isEqualTo("Error: first\n\nCaused by:\n    0: second\n    1: /x: no such file or directory\n");
    }
}
