package io.nydus4j.cli.option;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ScopeType;

/**
 * The command line of one command or subcommand: its options, positional arguments, and the rules between them.
 *
 * <p>A thin layer over picocli's model, built by code and not by annotations so that nothing reflects at start-up. The rules are
 * those of the reference's parser: only what the user wrote counts as present, conflicts are symmetric, a "required unless" option
 * stays required even if it conflicts with something that is present.
 */
public final class Syntax {
    private final CommandSpec spec;
    private final List<Rule> rules = new ArrayList<>();

    /** One rule between options, checked after parsing. */
    @FunctionalInterface
    interface Rule {
        void check(Arguments arguments, Violations violations);
    }

    private Syntax(CommandSpec spec) {
        this.spec = spec;
    }

    /**
     * Starts a command.
     *
     * @param name        the word that calls it
     * @param description one or more lines of what it does
     */
    public static Syntax command(String name, String... description) {
        CommandSpec spec = CommandSpec.create().name(name);
        spec.usageMessage()
                .description(description)
                .width(100)
                .autoWidth(true)
                .abbreviateSynopsis(true)
                .sortOptions(false)
                .showDefaultValues(true);
        spec.addOption(OptionSpec.builder("-h", "--help")
                .usageHelp(true)
                .description("Prints this help.")
                .build());
        return new Syntax(spec);
    }

    /** Returns picocli's model of this command. */
    public CommandSpec spec() {
        return spec;
    }

    /** Adds examples below the help text, each a line as typed. */
    public Syntax examples(String... lines) {
        List<String> footer = new ArrayList<>(List.of("", "Examples:"));
        for (String line : lines) {
            footer.add("  " + line);
        }
        spec.usageMessage().footer(footer.toArray(String[]::new));
        return this;
    }

    /** Adds the option that prints the version. */
    public Syntax version(String... lines) {
        spec.version(lines);
        spec.addOption(OptionSpec.builder("-V", "--version")
                .versionHelp(true)
                .description("Prints the version.")
                .build());
        return this;
    }

    /** Adds a subcommand. */
    public Syntax subcommand(Syntax child) {
        spec.addSubcommand(child.spec.name(), child.spec);
        return this;
    }

    /** Adds positional arguments, {@code least} to {@code most} of them; {@code most} may be {@link Integer#MAX_VALUE}. */
    public Syntax positional(String label, int least, int most, String... description) {
        String most1 = most == Integer.MAX_VALUE ? "*" : Integer.toString(most);
        spec.addPositional(PositionalParamSpec.builder()
                .paramLabel("<" + label + ">")
                .arity("0.." + most1)
                .index(most == Integer.MAX_VALUE ? "0..*" : "0.." + (most - 1))
                .type(List.class)
                .auxiliaryTypes(String.class)
                .description(description)
                .build());
        rules.add((arguments, violations) -> {
            if (arguments.positionals().size() < least) {
                violations.missing("<" + label + ">" + (most == Integer.MAX_VALUE ? "..." : ""));
            }
        });
        return this;
    }

    /** Requires either an option or the positional argument that took its place, but not both. */
    public Syntax positionalOr(String option, String label) {
        rules.add((arguments, violations) -> {
            boolean positional = !arguments.positionals().isEmpty();
            if (positional && arguments.has(option)) {
                violations.conflict(written(option), "[" + label + "]");
            } else if (!positional && !arguments.has(option)) {
                violations.missing("<" + label + ">");
            }
        });
        return this;
    }

    /** Adds one more required positional argument, {@code before} others standing in front of it. */
    public Syntax positionalAfter(int before, String label, String... description) {
        spec.addPositional(PositionalParamSpec.builder()
                .paramLabel("<" + label + ">")
                .arity("0..1")
                .index(Integer.toString(before))
                .type(String.class)
                .description(description)
                .build());
        rules.add((arguments, violations) -> {
            if (arguments.positionals().size() <= before) {
                violations.missing("<" + label + ">");
            }
        });
        return this;
    }

    /** Adds a flag. */
    public Syntax flag(String names, String... description) {
        spec.addOption(OptionSpec.builder(split(names))
                .type(boolean.class)
                .arity("0")
                .description(description)
                .build());
        return this;
    }

    /** Adds an option with a free value. */
    public Syntax value(String names, String... description) {
        spec.addOption(valued(names, description).build());
        return this;
    }

    /** Adds an option with a free value that is not listed in the help text. */
    public Syntax hidden(String names) {
        spec.addOption(valued(names).hidden(true).build());
        return this;
    }

    /** Adds an option with a free value and a default. */
    public Syntax valueOr(String names, String defaultValue, String... description) {
        spec.addOption(valued(names, description).defaultValue(defaultValue).build());
        return this;
    }

    /** Adds an option whose value is one of a list; {@code defaultValue} may be empty for none. */
    public Syntax choice(String names, String defaultValue, List<String> choices, String... description) {
        OptionSpec.Builder option = valued(names, description).completionCandidates(choices);
        if (!defaultValue.isEmpty()) {
            option.defaultValue(defaultValue);
        }
        option.hideParamSyntax(true);
        List<String> lines = new ArrayList<>(List.of(description));
        lines.add("One of: " + String.join(", ", choices) + ".");
        option.description(lines.toArray(String[]::new));
        OptionSpec built = option.build();
        spec.addOption(built);
        rules.add((arguments, violations) -> {
            String value = arguments.explicitText(built.longestName());
            if (value != null && !choices.contains(value)) {
                violations.invalidValue(value, written(built), choices);
            }
        });
        return this;
    }

    /** Adds a flag that is not listed in the help text. */
    public Syntax hiddenFlag(String names) {
        spec.addOption(OptionSpec.builder(split(names))
                .type(boolean.class)
                .arity("0")
                .hidden(true)
                .build());
        return this;
    }

    /** Accepts any arguments at all. */
    public Syntax anything() {
        spec.parser().unmatchedArgumentsAllowed(true);
        return this;
    }

    /** Adds an option that may stand before and after the subcommand. */
    public Syntax inherited(OptionSpec.Builder option) {
        spec.addOption(option.scopeType(ScopeType.INHERIT).build());
        return this;
    }

    /** Forbids that both options are present. */
    public Syntax conflict(String option, String... others) {
        rules.add((arguments, violations) -> {
            if (arguments.has(option)) {
                for (String other : others) {
                    if (arguments.has(other)) {
                        violations.conflict(written(option), written(other));
                    }
                }
            }
        });
        return this;
    }

    /** Requires an option unless one of the others is present. */
    public Syntax requiredUnless(String option, String... others) {
        Set<String> any = Set.of(others);
        rules.add((arguments, violations) -> {
            if (!arguments.has(option) && any.stream().noneMatch(arguments::has)) {
                violations.missing(written(option));
            }
        });
        return this;
    }

    /** Requires an option where a condition on the arguments holds. */
    public Syntax requiredIf(String option, Predicate<Arguments> condition) {
        rules.add((arguments, violations) -> {
            if (!arguments.has(option) && condition.test(arguments)) {
                violations.missing(written(option));
            }
        });
        return this;
    }

    /** Checks the rules. */
    void check(Arguments arguments) throws UsageException {
        Violations violations = new Violations();
        for (Rule rule : rules) {
            rule.check(arguments, violations);
        }
        violations.throwFirst();
    }

    private static OptionSpec.Builder valued(String names, String... description) {
        String[] all = split(names);
        String longest = all[all.length - 1];
        for (String name : all) {
            if (name.startsWith("--")) {
                longest = name;
                break;
            }
        }
        return OptionSpec.builder(all)
                .type(String.class)
                .arity("1")
                .paramLabel("<" + longest.substring(2) + ">")
                .description(description);
    }

    private static String[] split(String names) {
        return names.split(" ");
    }

    private String written(String name) {
        OptionSpec option = spec.findOption(name);
        return option == null ? name : written(option);
    }

    /** Returns an option as messages show it: its first long name, and its value's place. */
    public static String written(OptionSpec option) {
        String name = List.of(option.names()).stream()
                .filter(each -> each.startsWith("--"))
                .findFirst()
                .orElse(option.names()[0]);
        return option.arity().max() == 0 ? name : name + " <" + name.substring(2) + ">";
    }

    /** Collects what the rules found, to report one kind of mistake with all its options. */
    static final class Violations {
        private final List<String> missing = new ArrayList<>();
        private final List<String> conflicts = new ArrayList<>();
        private final List<UsageException> others = new ArrayList<>();
        private String conflicting = "";

        void missing(String written) {
            missing.add(written);
        }

        void conflict(String written, String other) {
            if (conflicts.isEmpty()) {
                conflicting = written;
            }
            if (conflicting.equals(written)) {
                conflicts.add(other);
            }
        }

        void invalidValue(String value, String written, List<String> choices) {
            if (value.isEmpty()) {
                others.add(new UsageException(
                        "a value is required for '%s' but none was supplied%n  [possible values: %s]"
                                .formatted(written, String.join(", ", choices)),
                        false));
                return;
            }
            others.add(new UsageException(
                    "invalid value '%s' for '%s'%n  [possible values: %s]%s"
                            .formatted(value, written, String.join(", ", choices), Suggestion.value(value, choices)),
                    false));
        }

        void throwFirst() throws UsageException {
            if (!others.isEmpty()) {
                throw others.getFirst();
            }
            if (conflicts.size() == 1) {
                throw new UsageException(
                        "the argument '%s' cannot be used with '%s'".formatted(conflicting, conflicts.getFirst()),
                        true);
            }
            if (!conflicts.isEmpty()) {
                throw new UsageException(
                        "the argument '%s' cannot be used with:%n".formatted(conflicting) + lines(conflicts), true);
            }
            if (!missing.isEmpty()) {
                throw new UsageException(
                        "the following required arguments were not provided:%n".formatted()
                                + lines(optionsFirst(missing)),
                        true);
            }
        }

        private static List<String> optionsFirst(List<String> items) {
            List<String> sorted = new ArrayList<>(items);
            sorted.sort(Comparator.comparing(item -> item.startsWith("<")));
            return sorted;
        }

        private static String lines(List<String> items) {
            return items.stream().map(item -> "  " + item).collect(Collectors.joining(System.lineSeparator()));
        }
    }
}
