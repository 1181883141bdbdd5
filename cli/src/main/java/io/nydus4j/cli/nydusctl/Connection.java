package io.nydus4j.cli.nydusctl;

import io.nydus4j.cli.option.UsageException;
import io.nydus4j.daemon.api.ApiException;
import io.nydus4j.daemon.api.DaemonClient;
import io.nydus4j.daemon.api.JsonException;
import io.nydus4j.daemon.api.JsonValue;
import io.nydus4j.linux.file.NativePath;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What all subcommands share: the daemon to ask and how to print. The options for that may stand before and after the subcommand, so
 * they are taken out of the command line before it is parsed.
 */
final class Connection {
    private final @Nullable String socket;
    private final boolean raw;
    private final List<String> rest;

    private Connection(@Nullable String socket, boolean raw, List<String> rest) {
        this.socket = socket;
        this.raw = raw;
        this.rest = rest;
    }

    /** Takes the options out of a command line. */
    static Connection of(String... args) {
        List<String> rest = new ArrayList<>();
        String socket = null;
        boolean raw = false;
        for (int i = 0; i < args.length; i++) {
            String arg = args[i];
            if ((arg.equals("-S") || arg.equals("--sock")) && i + 1 < args.length) {
                socket = args[++i];
            } else if (arg.startsWith("--sock=")) {
                socket = arg.substring("--sock=".length());
            } else if (arg.startsWith("-S") && arg.length() > 2) {
                socket = arg.substring(2);
            } else if (arg.equals("-r") || arg.equals("--raw")) {
                raw = true;
            } else {
                rest.add(arg);
            }
        }
        return new Connection(socket, raw, rest);
    }

    /** Returns the command line without these options. */
    String[] rest() {
        return rest.toArray(String[]::new);
    }

    /** Tells whether documents are printed as they are. */
    boolean raw() {
        return raw;
    }

    /**
     * Returns a client.
     *
     * @throws UsageException if no socket was named
     */
    DaemonClient client() throws UsageException {
        if (socket == null) {
            throw new UsageException(
                    "the following required arguments were not provided:%n  --sock <sock>".formatted(), true);
        }
        return new DaemonClient(NativePath.path(socket));
    }

    /**
     * Fetches a document.
     *
     * @param path below {@code /api/}
     */
    JsonValue get(String path) throws UsageException, IOException {
        DaemonClient client = client();
        try {
            return client.get(path);
        } catch (JsonException e) {
            throw new IOException("deserialize: " + e.getMessage(), e);
        } catch (IOException e) {
            throw reason(e);
        }
    }

    /** Returns a failure with what the user can do about it. */
    IOException reason(IOException failure) {
        return failure instanceof ApiException
                ? failure
                : new IOException("cannot reach the daemon at " + socket + "; is it running?", failure);
    }

    /** Prints a document in one line, members sorted, if that was asked for; tells whether it did. */
    boolean printedRaw(JsonValue document, PrintStream out) {
        if (raw) {
            out.println(document.toJson());
        }
        return raw;
    }
}
