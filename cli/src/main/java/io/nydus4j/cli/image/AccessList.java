package io.nydus4j.cli.image;

import io.nydus4j.build.AccessedFile;
import io.nydus4j.build.AccessedFile.Range;
import io.nydus4j.daemon.api.JsonException;
import io.nydus4j.daemon.api.JsonValue;
import io.nydus4j.daemon.api.JsonValue.JsonArray;
import io.nydus4j.daemon.api.JsonValue.JsonNull;
import io.nydus4j.daemon.api.JsonValue.JsonNumber;
import io.nydus4j.daemon.api.JsonValue.JsonObject;
import io.nydus4j.linux.RawBytes;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads the list of files that are read early: JSON of version {@code v1}, or plain lines of absolute paths, which begin with a slash.
 * Paths that are not absolute are left out with a warning.
 */
final class AccessList {
    private static final System.Logger LOG = System.getLogger(AccessList.class.getName());
    /** A list is text that a person or a tool wrote; anything larger is a mistake. */
    private static final long MAX_BYTES = 64 << 20;

    private static final String NOT_JSON = "failed to parse prefetch file as JSON: ";

    private AccessList() {}

    /**
     * Reads a file.
     *
     * @throws IOException if it cannot be read, or is no such list
     */
    static List<AccessedFile> read(Path file) throws IOException {
        byte[] content;
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new IOException("the file is larger than " + MAX_BYTES + " bytes");
            }
            content = Files.readAllBytes(file);
        } catch (IOException e) {
            throw new IOException("failed to read prefetch files from " + file, e);
        }
        return parse(content);
    }

    /** Reads the content of a file; see {@link #read}. */
    static List<AccessedFile> parse(byte[] content) throws IOException {
        String text = new String(content, StandardCharsets.ISO_8859_1).strip();
        if (text.isEmpty()) {
            return List.of();
        }
        return text.startsWith("/") ? lines(content) : json(content);
    }

    private static List<AccessedFile> lines(byte[] content) throws IOException {
        List<AccessedFile> files = new ArrayList<>();
        for (byte[] line : CreateCommand.hints(new ByteArrayInputStream(content))) {
            byte[] path = new String(line, StandardCharsets.ISO_8859_1).strip().getBytes(StandardCharsets.ISO_8859_1);
            if (path.length > 0) {
                add(files, path, Optional.empty());
            }
        }
        return files;
    }

    private static void add(List<AccessedFile> files, byte[] path, Optional<List<Range>> ranges) {
        if (path.length == 0 || path[0] != '/') {
            LOG.log(Level.WARNING, "prefetch file path is not absolute, skipping: " + RawBytes.text(path));
        } else {
            files.add(new AccessedFile(path, ranges));
        }
    }

    private static List<AccessedFile> json(byte[] content) throws IOException {
        JsonValue list;
        try {
            list = JsonValue.parse(content);
        } catch (JsonException e) {
            throw new IOException(NOT_JSON + e.getMessage(), e);
        }
        if (!(list instanceof JsonObject)) {
            throw new IOException(NOT_JSON + "expected an object");
        }
        String version = list.get("version").text();
        if (version == null) {
            throw new IOException(NOT_JSON + "missing field `version`");
        }
        if (!version.equals("v1")) {
            throw new IOException("unsupported prefetch file version: " + version);
        }
        if (!(list.get("files") instanceof JsonArray items)) {
            throw new IOException(NOT_JSON + "missing field `files`");
        }
        List<AccessedFile> files = new ArrayList<>();
        for (JsonValue item : items.items()) {
            String path = item.get("path").text();
            if (path == null) {
                throw new IOException(NOT_JSON + "missing field `path`");
            }
            add(files, RawBytes.bytes(path), ranges(item.get("ranges")));
        }
        return files;
    }

    private static Optional<List<Range>> ranges(JsonValue value) throws IOException {
        if (value instanceof JsonNull) {
            return Optional.empty();
        }
        if (!(value instanceof JsonArray items)) {
            throw new IOException(NOT_JSON + "expected `ranges` to be an array");
        }
        List<Range> ranges = new ArrayList<>();
        for (JsonValue item : items.items()) {
            List<JsonValue> pair = item.items();
            if (pair.size() != 2) {
                throw new IOException(NOT_JSON + "invalid length " + pair.size() + ", expected an array of length 2");
            }
            ranges.add(new Range(number(pair.getFirst()), number(pair.getLast())));
        }
        return Optional.of(ranges);
    }

    private static long number(JsonValue value) throws IOException {
        if (value instanceof JsonNumber number) {
            try {
                return Long.parseUnsignedLong(number.literal());
            } catch (NumberFormatException e) {
                throw new IOException(NOT_JSON + "invalid value: `" + number.literal() + "`, expected u64", e);
            }
        }
        throw new IOException(NOT_JSON + "expected a number of 64 bits");
    }
}
