package io.nydus4j.build.external;

import io.nydus4j.linux.RawBytes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The attributes that a file in the syntax of {@code .gitattributes} gives to paths of an image. A pattern is a literal path; of two lines
 * for one path the last counts. Immutable.
 */
public final class Attributes {
    /** Gives nothing to any path. */
    public static final Attributes NONE = new Attributes(Map.of());

    private static final String TYPE = "type";
    private static final String EXTERNAL = "external";
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._][A-Za-z0-9._-]*");
    /** An attributes file is text; anything larger is a mistake. */
    private static final long MAX_BYTES = 64 << 20;

    /** Attributes by absolute path, whose characters are the path's bytes. */
    private final Map<String, Map<String, String>> paths;

    private Attributes(Map<String, Map<String, String>> paths) {
        this.paths = paths;
    }

    /**
     * Reads a file.
     *
     * @throws IOException if it cannot be read, or a line makes no sense
     */
    public static Attributes read(Path file) throws IOException {
        if (Files.size(file) > MAX_BYTES) {
            throw new IOException("attributes file " + file + " is larger than " + MAX_BYTES + " bytes");
        }
        return parse(Files.readAllBytes(file));
    }

    /**
     * Reads the content of a file.
     *
     * @throws IOException if a line makes no sense
     */
    public static Attributes parse(byte[] content) throws IOException {
        Map<String, Map<String, String>> paths = new LinkedHashMap<>();
        int number = 0;
        for (String line : new String(content, StandardCharsets.ISO_8859_1).split("\n", -1)) {
            number++;
            String text = line.strip();
            if (text.isEmpty() || text.startsWith("#") || text.startsWith("[attr]")) {
                continue;
            }
            int end = text.startsWith("\"") ? quotedEnd(text, number) : plainEnd(text);
            String pattern =
                    text.startsWith("\"") ? unquoted(text.substring(1, end - 1), number) : text.substring(0, end);
            if (pattern.startsWith("!")) {
                throw broken(number, "negative patterns are not supported");
            }
            paths.put(absolute(pattern), attributes(text.substring(end), number));
        }
        return new Attributes(paths);
    }

    private static IOException broken(int line, String problem) {
        return new IOException("attributes file, line " + line + ": " + problem);
    }

    private static int plainEnd(String text) {
        int end = 0;
        while (end < text.length() && !Character.isWhitespace(text.charAt(end))) {
            end++;
        }
        return end;
    }

    private static int quotedEnd(String text, int line) throws IOException {
        boolean escaped = false;
        for (int i = 1; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' && !escaped) {
                return i + 1;
            }
            escaped = c == '\\' && !escaped;
        }
        throw broken(line, "the quoted pattern has no end");
    }

    /** Undoes C's quoting. */
    private static String unquoted(String quoted, int line) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        int i = 0;
        while (i < quoted.length()) {
            char c = quoted.charAt(i++);
            if (c != '\\') {
                bytes.write(c);
                continue;
            }
            char escaped = i < quoted.length() ? quoted.charAt(i++) : 0;
            switch (escaped) {
                case '"', '\\' -> bytes.write(escaped);
                case 'a' -> bytes.write(7);
                case 'b' -> bytes.write('\b');
                case 'f' -> bytes.write('\f');
                case 'n' -> bytes.write('\n');
                case 'r' -> bytes.write('\r');
                case 't' -> bytes.write('\t');
                case 'v' -> bytes.write(11);
                case '0', '1', '2', '3' -> {
                    if (i + 2 > quoted.length()) {
                        throw broken(line, "an octal escape needs three digits");
                    }
                    try {
                        bytes.write(Integer.parseInt(quoted.substring(i - 1, i + 2), 8));
                    } catch (NumberFormatException e) {
                        throw new IOException("attributes file, line " + line + ": no octal escape", e);
                    }
                    i += 2;
                }
                default -> throw broken(line, "unknown escape in the quoted pattern");
            }
        }
        return bytes.toString(StandardCharsets.ISO_8859_1);
    }

    private static String absolute(String pattern) {
        boolean escaped = pattern.startsWith("\\!") || pattern.startsWith("\\#");
        String path = escaped || pattern.startsWith("/") ? pattern.substring(1) : pattern;
        return "/" + (path.endsWith("/") ? path.substring(0, path.length() - 1) : path);
    }

    private static Map<String, String> attributes(String text, int line) throws IOException {
        Map<String, String> attributes = new LinkedHashMap<>();
        for (String word : text.strip().split("\\s+", -1)) {
            if (word.isEmpty()) {
                continue;
            }
            int equals = word.indexOf('=');
            boolean off = word.startsWith("-") || word.startsWith("!");
            String name = word.substring(off ? 1 : 0, equals < 0 ? word.length() : equals);
            if (!NAME.matcher(name).matches()) {
                throw broken(
                        line,
                        "no name of an attribute: " + RawBytes.printable(name.getBytes(StandardCharsets.ISO_8859_1)));
            }
            attributes.put(name, off || equals < 0 ? "" : word.substring(equals + 1));
        }
        return attributes;
    }

    private static String key(byte[] path) {
        return new String(path, StandardCharsets.ISO_8859_1);
    }

    /** Tells whether a path is said to be external. */
    public boolean isExternal(byte[] path) {
        return EXTERNAL.equals(paths.getOrDefault(key(path), Map.of()).get(TYPE));
    }

    /** Tells whether something is said to be external. */
    public boolean hasExternal() {
        return paths.values().stream().anyMatch(attributes -> EXTERNAL.equals(attributes.get(TYPE)));
    }

    /** Returns an attribute of a path; empty text for one without a value. */
    public Optional<String> value(byte[] path, String name) {
        return Optional.ofNullable(paths.getOrDefault(key(path), Map.of()).get(name));
    }
}
