package io.nydus4j.cli.option;

import io.nydus4j.linux.file.NativePath;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** What the user wrote on the command line of one command, with the defaults of what was left out. */
public final class Arguments {
    private final ParseResult result;

    Arguments(ParseResult result) {
        this.result = result;
    }

    /** Tells whether the user wrote the option. */
    public boolean has(String option) {
        return result.hasMatchedOption(option);
    }

    /** Tells whether a flag is set. */
    public boolean flag(String option) {
        return result.hasMatchedOption(option);
    }

    /** Returns the option's value or its default, or null if it has neither. */
    public @Nullable String textOrNull(String option) {
        String explicit = explicitText(option);
        if (explicit != null) {
            return explicit;
        }
        OptionSpec spec = result.commandSpec().findOption(option);
        return spec == null ? null : spec.defaultValue();
    }

    /** Returns the value the user wrote, or null. */
    @Nullable
    String explicitText(String option) {
        return has(option) ? result.<String>matchedOptionValue(option, null) : null;
    }

    /** Returns the option's value or its default. */
    public String text(String option) {
        String value = textOrNull(option);
        if (value == null) {
            throw new IllegalArgumentException("no value for " + option);
        }
        return value;
    }

    /** Returns the option's value or its default, if there is one. */
    public Optional<String> optional(String option) {
        return Optional.ofNullable(textOrNull(option));
    }

    /** Returns the option's value as a path, if there is one; a path need not be text. */
    public Optional<Path> path(String option) {
        return optional(option).map(NativePath::path);
    }

    /** Returns the positional arguments. */
    public List<String> positionals() {
        return result.matchedPositionalsSet().stream()
                .flatMap(positional -> positional.stringValues().stream())
                .toList();
    }

    /** Returns the positional arguments as paths, which need not be text. */
    public List<Path> positionalPaths() {
        return positionals().stream().map(NativePath::path).toList();
    }
}
