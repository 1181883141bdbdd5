package io.nydus4j.daemon;

import io.nydus4j.daemon.api.JsonValue;
import io.nydus4j.daemon.http.HttpExchange;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Sends recorded requests to a daemon in the order of the recording, reads in its mount what was read there, and notes what is otherwise.
 * Times and latencies are not compared, nor how many requests a cache had: one for several chunks of which some are missing is counted for
 * each here.
 */
final class RecordedReplay {
    private static final Pattern READ =
            Pattern.compile("read whole (?:file )?(\\S+) (?:-> |\\()(?:([0-9]+) bytes\\)?" + "|errno ([0-9]+).*)");
    private static final Pattern TIMED = Pattern.compile(".*(latency|time).*|total");

    private static final int MOST_TRIES = 40;

    /** What is longer than the recording's kernel asked for at once is read by requests of that length. */
    private static final String COPY = """
        large=()
        (( $(stat -c %s mnt"$1") <= 131072 )) || large=(iflag=direct)
        timeout 60 dd if=mnt"$1" bs=128K status=none "${large[@]}" | wc -c
        exit ${PIPESTATUS[0]}\
        """;

    /** What a command says of an error's number. */
    private static String words(int errno) {
        return switch (errno) {
            case 5 -> "Input/output error";
            case 22 -> "Invalid argument";
            default -> "errno " + errno;
        };
    }

    private final Path directory;
    private final Set<String> skipped;
    private final List<String> differences = new ArrayList<>();
    private HttpExchange last = new HttpExchange("", "");

    /**
     * Makes one for the daemon with {@code mnt} and {@code api.sock} in a folder.
     *
     * @param skipped names of cases whose answers are another matter; see where they are listed
     */
    RecordedReplay(Path directory, Set<String> skipped) {
        this.directory = directory;
        this.skipped = skipped;
    }

    /** Does what the recording did before a case, and sends its request. */
    void run(RecordedCase recorded) throws IOException, InterruptedException {
        for (String line : recorded.section("before").lines().toList()) {
            read(recorded, line);
        }
        send(recorded);
    }

    /** Reads a file as a line says, and notes if it is not as it was there; other lines mean nothing here. */
    void read(RecordedCase recorded, String line) throws IOException, InterruptedException {
        Matcher read = READ.matcher(line);
        if (!read.matches()) {
            return;
        }
        Shell.Result result = Shell.run(directory, COPY, read.group(1));
        String seen = result.code() == 0
                ? result.out().strip() + " bytes"
                : result.err().replaceAll("(?s).*: |\n", "");
        String expected = read.group(2) == null ? words(Integer.parseInt(read.group(3))) : read.group(2) + " bytes";
        note(recorded.name() + ": " + line, seen, expected);
    }

    /** Sends a request, and compares the answer. Counters follow the answers that they count, so they are asked for again. */
    void send(RecordedCase recorded) throws IOException, InterruptedException {
        String request = fill(recorded.section("request").replace("Content-Length: <LENGTH>\n", ""));
        byte[] bytes = recorded.with("request", request).request();
        String expected = comparable(fill(recorded.body()));
        last = HttpExchange.send(directory.resolve("api.sock"), bytes);
        if (skipped.contains(recorded.name())) {
            return;
        }
        boolean repeatable = request.startsWith("GET ") && !request.contains("latest=true");
        for (int i = 0; repeatable && i < MOST_TRIES && !comparable(last.body()).equals(expected); i++) {
            Thread.sleep(50);
            last = HttpExchange.send(directory.resolve("api.sock"), bytes);
        }
        note(recorded.name(), Integer.toString(last.status()), Integer.toString(recorded.status()));
        note(recorded.name(), comparable(last.body()), expected);
    }

    /** Returns the last answer. */
    HttpExchange last() {
        return last;
    }

    /** Notes a difference, if there is one. */
    void note(String what, String seen, String expected) {
        if (!seen.equals(expected)) {
            differences.add(what + "\n  seen     " + seen + "\n  expected " + expected);
        }
    }

    /** Returns what was otherwise. */
    List<String> differences() {
        return differences;
    }

    private String fill(String text) {
        return text.replace("<DIR>", directory.toString())
                .replace(
                        "<FIXTURES>",
                        Path.of(System.getProperty("nydus4j.testdata"), "golden")
                                .toString());
    }

    /** Returns a body without what differs from run to run. */
    private static String comparable(String body) throws IOException {
        if (body.isEmpty()) {
            return "";
        }
        JsonValue value = JsonValue.parse(body.replaceAll("<[A-Z]+>", "0"));
        return comparable(value).toJson();
    }

    /** How often attributes are asked for hangs on the kernel's patience; besides, the reference asks for those of its own mount point. */
    private static JsonValue withoutFirst(JsonValue numbers) {
        return new JsonValue.JsonArray(numbers.items().stream().skip(1).toList());
    }

    private static JsonValue comparable(JsonValue value) {
        return switch (value) {
            case JsonValue.JsonObject(SortedMap<String, JsonValue> members) -> {
                SortedMap<String, JsonValue> kept = new TreeMap<>();
                members.forEach((name, member) -> {
                    if (name.equals("fop_hits")) {
                        kept.put(name, withoutFirst(member));
                    } else if (!TIMED.matcher(name).matches() && !name.equals("version")) {
                        kept.put(name, comparable(member));
                    }
                });
                yield new JsonValue.JsonObject(kept);
            }
            // Numbers count by their place; the order of objects is that of a hash map.
            case JsonValue.JsonArray(List<JsonValue> items) ->
                new JsonValue.JsonArray(items.stream()
                        .map(RecordedReplay::comparable)
                        .sorted(
                                items.stream().allMatch(JsonValue.JsonObject.class::isInstance)
                                        ? Comparator.comparing(JsonValue::toJson)
                                        : (_, _) -> 0)
                        .toList());
            case JsonValue.JsonString _, JsonValue.JsonNumber _, JsonValue.JsonBoolean _, JsonValue.JsonNull _ -> value;
        };
    }
}
