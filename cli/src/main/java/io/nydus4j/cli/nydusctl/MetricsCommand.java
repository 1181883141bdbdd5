package io.nydus4j.cli.nydusctl;

import io.nydus4j.cli.option.Arguments;
import io.nydus4j.cli.option.Numbers;
import io.nydus4j.cli.option.Runner.Command;
import io.nydus4j.cli.option.Syntax;
import io.nydus4j.cli.option.UsageException;
import io.nydus4j.daemon.api.BackendMetrics;
import io.nydus4j.daemon.api.FileSystemMetrics;
import io.nydus4j.daemon.api.JsonValue;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** {@code nydusctl metrics}: what the daemon has counted. */
final class MetricsCommand implements Command {
    private static final long MAX_INTERVAL = 0xFFFF_FFFFL;

    private final Connection connection;
    private final PrintStream out;
    private final Syntax syntax = Syntax.command("metrics", "Prints what the daemon has counted.")
            .positional("category", 1, 1, "What to print: backend, cache or fsstats.")
            .value("-I --interval", "Prints what changed every so many seconds, until interrupted (backend only).")
            .value(
                    "--id",
                    "Of which instance, if there are several: a mount point; for cache the id of a configuration.")
            .examples(
                    "nydusctl --sock /run/api.sock metrics fsstats",
                    "nydusctl --sock /run/api.sock metrics backend -I 5",
                    "nydusctl --sock /run/api.sock --raw metrics cache");

    MetricsCommand(Connection connection, PrintStream out) {
        this.connection = connection;
        this.out = out;
    }

    @Override
    public Syntax syntax() {
        return syntax;
    }

    @Override
    public int run(Arguments arguments) throws UsageException, IOException, InterruptedException {
        String category = arguments.positionals().getFirst();
        long interval = interval(arguments);
        String query = arguments
                .optional("--id")
                .map(id -> "?id=" + URLEncoder.encode(id, StandardCharsets.UTF_8))
                .orElse("");
        switch (category) {
            case "backend" -> backend(interval, query);
            case "cache" -> {
                JsonValue metrics = connection.get("v1/metrics/blobcache" + query);
                if (!connection.printedRaw(metrics, out)) {
                    out.print(CacheReport.of(metrics));
                }
            }
            case "fsstats" -> {
                JsonValue metrics = connection.get("v1/metrics" + query);
                if (!connection.printedRaw(metrics, out)) {
                    out.print(FileSystemReport.of(FileSystemMetrics.of(metrics)));
                }
            }
            default ->
                throw new UsageException(
                        "invalid value '%s' for '<category>'%n  [possible values: backend, cache, fsstats]"
                                .formatted(category),
                        false);
        }
        return 0;
    }

    private static long interval(Arguments arguments) {
        if (!arguments.has("--interval")) {
            return 0;
        }
        String mistake = "Invalid interval input";
        String text = arguments.text("--interval");
        long interval;
        try {
            interval = Numbers.decimal(text, mistake);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(mistake + ". invalid digit found in string", e);
        }
        if (interval > MAX_INTERVAL) {
            throw new IllegalArgumentException(mistake + ". number too large to fit in target type");
        }
        return interval;
    }

    private void backend(long interval, String query) throws UsageException, IOException, InterruptedException {
        JsonValue metrics = connection.get("v1/metrics/backend" + query);
        BackendMetrics before = BackendMetrics.of(metrics);
        if (interval == 0) {
            if (!connection.printedRaw(metrics, out)) {
                out.print(BackendReport.of(before));
            }
            return;
        }
        while (!out.checkError()) {
            Thread.sleep(Duration.ofSeconds(interval));
            BackendMetrics after = BackendMetrics.of(connection.get("v1/metrics/backend" + query));
            out.print(BackendReport.between(before, after, interval));
            before = after;
        }
    }
}
