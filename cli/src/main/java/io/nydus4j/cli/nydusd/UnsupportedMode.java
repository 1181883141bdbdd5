package io.nydus4j.cli.nydusd;

import io.nydus4j.cli.option.Arguments;
import io.nydus4j.cli.option.Runner.Command;
import io.nydus4j.cli.option.Syntax;
import java.io.IOException;

/** A mode of the reference that is not here yet: it takes any arguments and says so. */
final class UnsupportedMode implements Command {
    private final String name;
    private final Syntax syntax;

    UnsupportedMode(String name, String description) {
        this.name = name;
        syntax = Syntax.command(name, description + " Not supported yet.").anything();
    }

    @Override
    public Syntax syntax() {
        return syntax;
    }

    @Override
    public int run(Arguments arguments) throws IOException {
        throw new IOException("`nydusd " + name + "` is not supported yet");
    }
}
