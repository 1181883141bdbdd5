package io.nydus4j.cli.nydusctl;

import io.nydus4j.cli.option.Arguments;
import io.nydus4j.cli.option.Runner.Command;
import io.nydus4j.cli.option.Syntax;
import io.nydus4j.cli.option.UsageException;
import io.nydus4j.daemon.api.JsonValue;
import java.io.IOException;
import java.io.PrintStream;

/** {@code nydusctl info}: what the daemon is and what it serves. */
final class InfoCommand implements Command {
    private final Connection connection;
    private final PrintStream out;
    private final Syntax syntax = Syntax.command("info", "Prints the daemon's version and state, and what it serves.")
            .examples("nydusctl --sock /run/api.sock info");

    InfoCommand(Connection connection, PrintStream out) {
        this.connection = connection;
        this.out = out;
    }

    @Override
    public Syntax syntax() {
        return syntax;
    }

    @Override
    public int run(Arguments arguments) throws UsageException, IOException {
        JsonValue info = connection.get("v1/daemon");
        if (!connection.printedRaw(info, out)) {
            out.print(InfoReport.of(info));
        }
        return 0;
    }
}
