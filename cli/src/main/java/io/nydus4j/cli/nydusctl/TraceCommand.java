package io.nydus4j.cli.nydusctl;

import io.nydus4j.cli.option.Arguments;
import io.nydus4j.cli.option.Runner.Command;
import io.nydus4j.cli.option.Syntax;
import io.nydus4j.cli.option.UsageException;
import io.nydus4j.daemon.api.JsonValue;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** {@code nydusctl trace}: who reads what first of an image, and what it waits for. */
final class TraceCommand implements Command {
    private final Connection connection;
    private final PrintStream out;
    private final Syntax syntax = Syntax.command(
                    "trace", "Notes who reads what first of an image, and what it waits for.")
            .positional("action", 1, 1, "start, stop, show, or hints: a list of files for `nydus-image optimize`.")
            .value("-m --mountpoint", "Which image, by its mount point; needed if there are several.")
            .examples(
                    "nydusctl --sock /run/api.sock trace start",
                    "nydusctl --sock /run/api.sock trace show -m /image",
                    "nydusctl --sock /run/api.sock trace hints -m /image > hints.json");

    TraceCommand(Connection connection, PrintStream out) {
        this.connection = connection;
        this.out = out;
    }

    @Override
    public Syntax syntax() {
        return syntax;
    }

    @Override
    public int run(Arguments arguments) throws UsageException, IOException {
        String action = arguments.positionals().getFirst();
        Optional<String> mountPoint = arguments.optional("--mountpoint");
        switch (action) {
            case "start" -> trace(mountPoint, true);
            case "stop" -> trace(mountPoint, false);
            case "show" -> {
                JsonValue report = report(mountPoint);
                if (!connection.printedRaw(report, out)) {
                    out.print(TraceText.of(report));
                }
            }
            case "hints" -> out.println(TraceText.hints(report(mountPoint)).toJson());
            default ->
                throw new UsageException(
                        "invalid value '%s' for '<action>'%n  [possible values: start, stop, show, hints]"
                                .formatted(action),
                        false);
        }
        return 0;
    }

    private void trace(Optional<String> mountPoint, boolean wanted) throws UsageException, IOException {
        try {
            connection.client().trace(mountPoint, wanted);
        } catch (IOException e) {
            throw connection.reason(e);
        }
    }

    private JsonValue report(Optional<String> mountPoint) throws UsageException, IOException {
        String query = mountPoint
                .map(text -> "?mountpoint=" + URLEncoder.encode(text, StandardCharsets.UTF_8))
                .orElse("");
        return connection.get("v1/trace" + query);
    }
}
