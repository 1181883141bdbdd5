package io.nydus4j.cli.image;

import io.nydus4j.cli.option.Arguments;
import io.nydus4j.cli.option.Runner.Command;
import io.nydus4j.cli.option.Syntax;
import java.io.IOException;

/** A subcommand of the reference that is not here yet: it takes any arguments and says so. */
final class UnsupportedCommand implements Command {
    private final Syntax syntax;
    private final String name;

    UnsupportedCommand(String name) {
        this.name = name;
        syntax = Syntax.command(name, "Not supported yet.").anything();
    }

    @Override
    public Syntax syntax() {
        return syntax;
    }

    @Override
    public int run(Arguments arguments) throws IOException {
        throw new IOException("`" + name + "` is not supported yet");
    }
}
