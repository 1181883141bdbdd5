package io.nydus4j.cli.option;

import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.OverwrittenOptionException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Runs a command with subcommands: parses, prints help, turns failures into one line for the cause and an exit code.
 *
 * <p>Exit codes: 0 done, 1 the work failed, 2 the command line is wrong. The wording of mistakes follows the reference's parser,
 * which scripts match on.
 */
public final class Runner {
    /** Exit code of a wrong command line. */
    public static final int USAGE = 2;

    private static final String HELP = "help";

    private static final Pattern FLAG_WITH_VALUE =
            Pattern.compile("option '([^']*)'.* should be specified without '(.*)' parameter");

    private final Syntax root;
    private final Map<String, Command> commands;
    private final PrintStream out;
    private final PrintStream err;

    /** The work of a subcommand. */
    public interface Command {
        /** Returns the command line this command takes. */
        Syntax syntax();

        /**
         * Does the work.
         *
         * @return the exit code
         * @throws UsageException if the arguments make no sense together
         * @throws IOException    if the work fails; its message is shown to the user
         */
        int run(Arguments arguments) throws UsageException, IOException, InterruptedException;
    }

    /**
     * Prepares a command.
     *
     * @param root     the command itself, its subcommands added
     * @param commands what each subcommand does, by its name; the empty name is the command without subcommands
     */
    public Runner(Syntax root, Map<String, Command> commands, PrintStream out, PrintStream err) {
        this.root = root;
        this.commands = commands;
        this.out = out;
        this.err = err;
    }

    /**
     * Runs the command.
     *
     * @return the exit code
     */
    public int run(String... args) {
        CommandLine line = new CommandLine(root.spec());
        line.setAllowSubcommandsAsOptionParameters(true);
        line.setUnmatchedOptionsArePositionalParams(false);
        line.setExpandAtFiles(false);
        line.setTrimQuotes(false);
        if (args.length > 0 && args[0].equals(HELP) && !line.getSubcommands().isEmpty()) {
            return help(line, args);
        }
        ParseResult parsed;
        try {
            refuseValuesLikeOptions(line, args);
            parsed = line.parseArgs(args);
        } catch (ParameterException e) {
            return usage(e.getCommandLine().getCommandSpec(), mistake(e));
        }
        ParseResult innermost = parsed;
        while (innermost.hasSubcommand()) {
            innermost = innermost.subcommand();
        }
        CommandSpec spec = innermost.commandSpec();
        if (innermost.isUsageHelpRequested()) {
            spec.commandLine().usage(out);
            return 0;
        }
        if (innermost.isVersionHelpRequested()) {
            spec.commandLine().printVersionHelp(out);
            return 0;
        }
        Command command = commands.get(innermost == parsed ? "" : spec.name());
        if (command == null) {
            spec.commandLine().usage(out);
            return 0;
        }
        try {
            Arguments arguments = new Arguments(innermost);
            if (spec.findOption("--log-level") != null) {
                LogOptions.apply(arguments, new Arguments(parsed));
            }
            command.syntax().check(arguments);
            return command.run(arguments);
        } catch (UsageException e) {
            return usage(spec, e);
        } catch (IOException | IllegalArgumentException e) {
            Failures.print(e, err);
            return 1;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            err.println("Error: interrupted");
            return 1;
        } catch (OutOfMemoryError e) {
            err.println("Error: %d MiB of memory are not enough for this; NYDUS4J_JAVA_OPTS=-Xmx4g would allow more"
                    .formatted(Runtime.getRuntime().maxMemory() >> 20));
            return 1;
        }
    }

    /** Refuses a value that stands apart from its option and starts like one: it is not what the user meant, more often than not. */
    private static void refuseValuesLikeOptions(CommandLine line, String... args) {
        CommandLine command = line;
        for (int i = 0; i + 1 < args.length && !args[i].equals("--"); i++) {
            String next = args[i + 1];
            OptionSpec option = command.getCommandSpec().findOption(args[i]);
            if (option == null) {
                command = command.getSubcommands().getOrDefault(args[i], command);
            } else if (option.arity().max() > 0) {
                boolean known = command.getCommandSpec().findOption(next) != null;
                if (next.startsWith("-") && next.length() > 1 && !next.equals("--") && !known) {
                    throw new UnmatchedArgumentException(command, List.of(next));
                }
                i++;
            }
        }
    }

    /** Prints what {@code help} with the names of a command and its subcommands asks for. */
    private int help(CommandLine line, String... names) {
        CommandLine command = line;
        for (int i = 1; i < names.length; i++) {
            CommandLine next = command.getSubcommands().get(names[i]);
            if (next == null) {
                List<String> known = List.copyOf(command.getSubcommands().keySet());
                String problem =
                        "unrecognized subcommand '%s'%s".formatted(names[i], Suggestion.subcommand(names[i], known));
                return usage(command.getCommandSpec(), new UsageException(problem, true));
            }
            command = next;
        }
        command.usage(out);
        return 0;
    }

    private int usage(CommandSpec spec, UsageException mistake) {
        err.println("error: " + mistake.getMessage());
        if (mistake.withUsage()) {
            err.println();
            err.println("Usage: " + synopsis(spec));
        }
        err.println();
        err.println("For more information, try '--help'.");
        err.flush();
        return USAGE;
    }

    private static String synopsis(CommandSpec spec) {
        StringBuilder text = new StringBuilder(spec.qualifiedName());
        text.append(" [OPTIONS]");
        spec.positionalParameters().forEach(each -> text.append(' ').append(each.paramLabel()));
        if (!spec.subcommands().isEmpty()) {
            text.append(" [COMMAND]");
        }
        return text.toString();
    }

    private static UsageException mistake(ParameterException e) {
        return switch (e) {
            case UnmatchedArgumentException unmatched -> unmatched(unmatched);
            case OverwrittenOptionException twice ->
                new UsageException(
                        "the argument '%s' cannot be used multiple times".formatted(written(twice.getOverwritten())),
                        true);
            case MissingParameterException missing ->
                new UsageException(
                        "a value is required for '%s' but none was supplied"
                                .formatted(written(missing.getMissing().getFirst())),
                        false);
            default -> new UsageException(flagWithValue(String.valueOf(e.getMessage())), true);
        };
    }

    /** Says in the reference's words that a flag was given a value; leaves other messages as they are. */
    private static String flagWithValue(String message) {
        Matcher matcher = FLAG_WITH_VALUE.matcher(message);
        return matcher.matches()
                ? "unexpected value '%s' for '%s' found; no more were expected"
                        .formatted(matcher.group(2), matcher.group(1))
                : message;
    }

    private static String written(ArgSpec arg) {
        return arg instanceof OptionSpec option ? Syntax.written(option) : arg.paramLabel();
    }

    private static UsageException unmatched(UnmatchedArgumentException e) {
        String argument = e.getUnmatched().getFirst();
        CommandSpec spec = e.getCommandLine().getCommandSpec();
        if (!argument.startsWith("-")) {
            if (!spec.subcommands().isEmpty()) {
                return new UsageException(
                        "unrecognized subcommand '%s'%s"
                                .formatted(
                                        argument,
                                        Suggestion.subcommand(
                                                argument,
                                                List.copyOf(spec.subcommands().keySet()))),
                        true);
            }
            return new UsageException("unexpected argument '%s' found".formatted(argument), true);
        }
        int equals = argument.indexOf('=');
        String name = equals < 0 ? argument : argument.substring(0, equals);
        OptionSpec known = spec.findOption(name);
        if (known != null && equals >= 0) {
            return new UsageException(
                    "unexpected value '%s' for '%s' found; no more were expected"
                            .formatted(argument.substring(equals + 1), Syntax.written(known)),
                    true);
        }
        List<String> names = new ArrayList<>();
        for (OptionSpec option : spec.options()) {
            if (!option.hidden()) {
                names.addAll(List.of(option.names()));
            }
        }
        return new UsageException(
                "unexpected argument '%s' found%s"
                        .formatted(
                                name,
                                Suggestion.option(
                                        name,
                                        names,
                                        !spec.positionalParameters().isEmpty())),
                true);
    }
}
