package io.nydus4j.daemon;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A case recorded from the reference: what was asked and what it answered. */
public record RecordedCase(String name, Map<String, String> sections) {
    /** Returns the cases of a folder, in the order they were run. */
    public static List<RecordedCase> all(String folder) {
        Path directory = Path.of(System.getProperty("nydus4j.testdata"), "api", folder);
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file ->
                            Character.isDigit(file.getFileName().toString().charAt(0)))
                    .sorted((a, b) -> Integer.compare(number(a), number(b)))
                    .map(RecordedCase::read)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int number(Path file) {
        String name = file.getFileName().toString();
        return Integer.parseInt(name.substring(0, name.indexOf('-')));
    }

    private static RecordedCase read(Path file) {
        Map<String, String> sections = new LinkedHashMap<>();
        try {
            String text = Files.readString(file);
            for (String part : ("\n" + text).split("\n== ", -1)) {
                int end = part.indexOf('\n');
                if (end >= 0) {
                    sections.put(part.substring(0, end), part.substring(end + 1));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new RecordedCase(file.getFileName().toString().replace(".txt", ""), sections);
    }

    /** Returns a section, empty if there is none. */
    public String section(String section) {
        return sections.getOrDefault(section, "");
    }

    /** Returns this case with another text in a section. */
    public RecordedCase with(String section, String text) {
        Map<String, String> changed = new LinkedHashMap<>(sections);
        changed.put(section, text);
        return new RecordedCase(name, changed);
    }

    /** Returns the request as it was on the socket. */
    public byte[] request() {
        String request = section("request");
        int body = request.indexOf("\n\n");
        String head = body < 0 ? request.stripTrailing() : request.substring(0, body);
        String content = body < 0 ? "" : request.substring(body + 2);
        String withLength = content.isEmpty() || head.contains("Content-Length")
                ? head
                : head + "\nContent-Length: " + content.getBytes(StandardCharsets.UTF_8).length;
        return (withLength.replace("\n", "\r\n") + "\r\n\r\n" + content).getBytes(StandardCharsets.UTF_8);
    }

    /** Returns the status of the response, 0 if there was none. */
    public int status() {
        String response = section("response");
        return response.startsWith("HTTP/1.1 ") ? Integer.parseInt(response.substring(9, 12)) : 0;
    }

    /** Returns the body of the response. */
    public String body() {
        String response = section("response");
        int body = response.indexOf("\n\n");
        return body < 0 ? "" : response.substring(body + 2).stripTrailing();
    }

    @Override
    public String toString() {
        return name;
    }
}
