package io.nydus4j.linux.file;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The limit of open files, compared with what the kernel says of the process. */
final class OpenFileLimitTest {
    private static long kernelsLimit() throws IOException {
        Matcher matcher =
                Pattern.compile("Max open files +([0-9]+)").matcher(Files.readString(Path.of("/proc/self/limits")));
        assertThat(matcher.find()).isTrue();
        return Long.parseLong(matcher.group(1));
    }

    @Test
    void limitIsNeverLowered() throws IOException {
        long before = kernelsLimit();
        assertThat(OpenFileLimit.raise(10)).isEqualTo(before);
        assertThat(kernelsLimit()).isEqualTo(before);
    }

    @Test
    void whatTheSystemDoesNotAllowIsNoError() throws IOException {
        assertThat(OpenFileLimit.raise(1L << 62)).isEqualTo(kernelsLimit());
    }
}
