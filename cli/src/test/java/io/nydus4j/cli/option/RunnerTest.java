package io.nydus4j.cli.option;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Runs commands that fail. */
final class RunnerTest {
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int run(Runnable work, String... args) {
        PrintStream stream = new PrintStream(err, true, StandardCharsets.UTF_8);
        Syntax syntax = Syntax.command("work", "Works.")
                .value("-o --output", "A file.")
                .flag("--fast", "Faster.")
                .positional("SOURCE", 0, 1, "The source.");
        Syntax root = Syntax.command("tool", "A tool.").subcommand(syntax);
        Runner.Command command = new Runner.Command() {
            @Override
            public Syntax syntax() {
                return syntax;
            }

            @Override
            public int run(Arguments arguments) {
                work.run();
                return 0;
            }
        };
        return new Runner(root, Map.of("work", command), stream, stream).run(args);
    }

    private String printed() {
        return err.toString(StandardCharsets.UTF_8);
    }

    @Test
    void tooLittleMemoryIsToldInALine() {
        int code = run(
                () -> {
                    throw new OutOfMemoryError("Java heap space");
                },
                "work");
        assertThat(code).isEqualTo(1);
        assertThat(printed())
                .matches(
                        "Error: \\d+ MiB of memory are not enough for this; NYDUS4J_JAVA_OPTS=-Xmx4g would allow more\\R");
    }

    @ParameterizedTest
    @CsvSource({"work -o -x, -x", "work --output -1, -1", "work in -o --no, --no"})
    void valueLikeAnOptionIsRefused(String line, String argument) {
        assertThat(run(() -> {}, line.split(" ", -1))).isEqualTo(Runner.USAGE);
        assertThat(printed()).startsWith("error: unexpected argument '" + argument + "' found");
    }

    @ParameterizedTest
    @CsvSource({"work -o=-x", "work --output=-1 --fast", "work -o -", "work -o x -- -x", "work -ofile in"})
    void valueThatIsOneIsTaken(String line) {
        String[] args = line.split(" ", -1);
        assertThat(run(() -> {}, args)).as(printed()).isZero();
    }
}
