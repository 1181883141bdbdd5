package io.nydus4j.cli.image;

import io.nydus4j.daemon.api.JsonValue;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the reference did with one command line: its arguments and files, exit code and output. The text beside the recordings says how
 * they are written.
 *
 * @param name     folder and name of the case
 * @param defect   what the reference gets wrong, and what a user would expect; empty if it gets nothing wrong
 * @param given    what lies in the working directory beforehand, as {@code path <- how}
 * @param user     whether the command does not run as root
 * @param stdin    standard input
 * @param args     arguments; the first is the subcommand
 * @param exit     exit code as recorded
 * @param files    {@code path size sha256} of the files made or changed
 * @param sections standard output, standard error and files in full, by their titles
 */
record Transcript(
        String name,
        String defect,
        List<String> given,
        boolean user,
        byte[] stdin,
        List<String> args,
        String exit,
        List<String> files,
        Map<String, String> sections) {
    static Transcript read(Path file) throws IOException {
        String text = Files.readString(file);
        int body = text.startsWith("=== ") ? 0 : text.indexOf("\n=== ") + 1;
        String head = body == 0 ? text : text.substring(0, body);
        String defect = "";
        List<String> given = new ArrayList<>();
        boolean user = false;
        byte[] stdin = {};
        List<String> args = new ArrayList<>();
        String exit = "";
        List<String> files = new ArrayList<>();
        for (String line : head.split("\n", -1)) {
            int colon = line.indexOf(':');
            String value = colon < 0 ? "" : line.substring(Math.min(colon + 2, line.length()));
            switch (colon < 0 ? "" : line.substring(0, colon)) {
                case "DEFECT" -> defect = value;
                case "given" -> given.add(value);
                case "user" -> user = true;
                case "stdin" -> stdin = unquoted(value).getBytes(StandardCharsets.ISO_8859_1);
                case "arg" -> args.add(value.startsWith("\"") ? unquoted(value) : value);
                case "exit" -> exit = value;
                case "file" -> files.add(value);
                default -> {} // notes
            }
        }
        return new Transcript(
                file.getParent().getFileName() + "/"
                        + String.valueOf(file.getFileName()).replace(".txt", ""),
                defect,
                given,
                user,
                stdin,
                args,
                exit,
                files,
                sections(body == 0 ? "" : text.substring(body)));
    }

    private static Map<String, String> sections(String text) {
        Map<String, String> sections = new LinkedHashMap<>();
        for (String part : text.split("(^|(?<=\n))=== ", -1)) {
            if (part.isEmpty()) {
                continue;
            }
            int newline = part.indexOf('\n');
            String title = part.substring(0, newline);
            String content = part.substring(newline + 1);
            if (title.endsWith(" (no newline at end)")) {
                title = title.substring(0, title.indexOf(" (no newline"));
                content = content.substring(0, content.length() - 1);
            }
            sections.put(title, content);
        }
        return sections;
    }

    /** Returns a section, or nothing if the recording has none. */
    Optional<String> section(String title) {
        return Optional.ofNullable(sections.get(title));
    }

    /** Returns the exit code that a user would expect. */
    int expectedExit() {
        if (defect.isEmpty()) {
            return Integer.parseInt(exit);
        }
        return defect.matches(".*a user expects (an error|a message|a failure|a refusal).*") ? 1 : 0;
    }

    /** Returns the text that a JSON string stands for. */
    static String unquoted(String json) {
        try {
            return ((JsonValue.JsonString) JsonValue.parse(json)).value();
        } catch (IOException e) {
            throw new IllegalStateException("not a JSON string: " + json, e);
        }
    }
}
