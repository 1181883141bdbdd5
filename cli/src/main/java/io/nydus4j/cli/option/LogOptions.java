package io.nydus4j.cli.option;

import io.nydus4j.cli.log.CommandLog;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Model.OptionSpec;

/** The options that say where log lines go, before or after a subcommand. */
public final class LogOptions {
    /** What {@code --log-rotation-size} counts in, where a command has that option. */
    private static final long MEGABYTE = 1L << 20;

    private static final List<String> LEVELS = List.of("trace", "debug", "info", "warn", "error");

    private LogOptions() {}

    /** Adds the options to a command and, by inheritance, to its subcommands. */
    public static void addTo(Syntax root) {
        root.inherited(OptionSpec.builder("-L", "--log-file")
                .type(String.class)
                .arity("1")
                .paramLabel("<log-file>")
                .description("Appends log lines to this file instead of standard error."));
        root.inherited(OptionSpec.builder("-l", "--log-level")
                .type(String.class)
                .arity("1")
                .paramLabel("<log-level>")
                .defaultValue("info")
                .description("The least level that is logged.", "One of: " + String.join(", ", LEVELS) + "."));
    }

    /**
     * Puts the options into effect. Behind the subcommand they count more than before it.
     *
     * @param arguments those of the subcommand
     * @param before    those before it
     * @throws UsageException if there is no such level
     * @throws IOException    if the log file cannot be opened
     */
    public static void apply(Arguments arguments, Arguments before) throws UsageException, IOException {
        String level = of("--log-level", arguments, before).text("--log-level");
        if (!LEVELS.contains(level)) {
            throw new UsageException(
                    "invalid value '%s' for '--log-level <log-level>'%n  [possible values: %s]"
                            .formatted(level, String.join(", ", LEVELS)),
                    false);
        }
        CommandLog.setLevel(CommandLog.level(level));
        long rotation =
                Numbers.decimal(arguments.optional("--log-rotation-size").orElse("0"), "invalid log rotation size");
        if (rotation > Long.MAX_VALUE / MEGABYTE) {
            throw new IllegalArgumentException("invalid log rotation size: number too large to fit in target type");
        }
        Arguments file = of("--log-file", arguments, before);
        if (file.has("--log-file")) {
            CommandLog.toFile(file.path("--log-file").orElseThrow(), rotation * MEGABYTE);
        }
    }

    private static Arguments of(String option, Arguments arguments, Arguments before) {
        return !arguments.has(option) && before.has(option) ? before : arguments;
    }
}
