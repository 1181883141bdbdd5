package io.nydus4j.cli.nydusctl;

import io.nydus4j.cli.option.Arguments;
import io.nydus4j.cli.option.Runner.Command;
import io.nydus4j.cli.option.Syntax;
import io.nydus4j.cli.option.UsageException;
import io.nydus4j.daemon.api.DaemonClient;
import java.io.IOException;

/** {@code nydusctl set}: changes the daemon's log level. */
final class SetCommand implements Command {
    private static final String LOG_LEVEL = "log-level";

    private final Connection connection;
    private final Syntax syntax = Syntax.command("set", "Configures the running daemon.")
            .positional("KIND", 1, 1, "What to set: " + LOG_LEVEL + ".")
            .positionalAfter(1, "VALUE", "The new value: trace, debug, info, warn, error or off.")
            .examples("nydusctl --sock /run/api.sock set log-level debug");

    SetCommand(Connection connection) {
        this.connection = connection;
    }

    @Override
    public Syntax syntax() {
        return syntax;
    }

    @Override
    public int run(Arguments arguments) throws UsageException, IOException {
        String kind = arguments.positionals().getFirst();
        if (!kind.equals(LOG_LEVEL)) {
            throw new UsageException(
                    "invalid value '%s' for '<KIND>'%n  [possible values: log-level]".formatted(kind), false);
        }
        DaemonClient client = connection.client();
        try {
            client.setLogLevel(arguments.positionals().get(1));
        } catch (IOException e) {
            throw connection.reason(e);
        }
        return 0;
    }
}
