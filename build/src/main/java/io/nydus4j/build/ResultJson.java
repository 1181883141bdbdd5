package io.nydus4j.build;

import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes a result file. Keys come in the reference's order; the nesting is never deeper than its trace. */
final class ResultJson {
    private static final String INDENT = "  ";

    private final Map<String, Object> fields = new LinkedHashMap<>();

    /** Takes over what {@code result} says. */
    ResultJson(String toolVersion, BuildResult result) {
        this(
                toolVersion,
                result.bootstrap().map(Path::toString).orElse(""),
                result.blobs(),
                result.externalBootstrap().map(Path::toString).orElse(""),
                result.externalBlobs(),
                result.trace(),
                result.version().text(),
                result.compression().text());
    }

    ResultJson(
            String toolVersion,
            String bootstrap,
            List<String> blobs,
            String externalBootstrap,
            List<String> externalBlobs,
            BuildTrace trace,
            String fsVersion,
            String compressor) {
        fields.put("version", toolVersion);
        fields.put("bootstrap", bootstrap);
        fields.put("blobs", blobs);
        fields.put("external_bootstrap", externalBootstrap);
        fields.put("external_blobs", externalBlobs);
        Map<String, Object> traceFields = new LinkedHashMap<>();
        traceFields.put("consumed_time", trace.consumedTime());
        traceFields.put("registered_events", trace.registeredEvents());
        fields.put("trace", traceFields);
        fields.put("fs_version", fsVersion);
        fields.put("compressor", compressor);
    }

    /** Returns the text over several lines, two spaces a level, without a newline at the end. */
    String indented() {
        StringBuilder text = new StringBuilder();
        append(text, fields, "\n");
        return text.toString();
    }

    /** Returns the text on one line, without spaces or a newline at the end. */
    String compact() {
        StringBuilder text = new StringBuilder();
        append(text, fields, "");
        return text.toString();
    }

    /**
     * Appends a value.
     *
     * @param newline what precedes a line of the level that the value stands on; empty for all on one line
     */
    private static void append(StringBuilder text, Object value, String newline) {
        switch (value) {
            case Map<?, ?> map -> appendMap(text, map, newline);
            case List<?> list -> appendList(text, list, newline);
            case String string -> appendString(text, string);
            default -> text.append(value);
        }
    }

    private static void appendMap(StringBuilder text, Map<?, ?> map, String newline) {
        if (map.isEmpty()) {
            text.append("{}");
            return;
        }
        String inner = newline.isEmpty() ? "" : newline + INDENT;
        text.append('{');
        Iterator<? extends Map.Entry<?, ?>> entries = map.entrySet().iterator();
        while (entries.hasNext()) {
            Map.Entry<?, ?> entry = entries.next();
            text.append(inner);
            appendString(text, (String) entry.getKey());
            text.append(newline.isEmpty() ? ":" : ": ");
            append(text, entry.getValue(), inner);
            if (entries.hasNext()) {
                text.append(',');
            }
        }
        text.append(newline).append('}');
    }

    private static void appendList(StringBuilder text, List<?> list, String newline) {
        if (list.isEmpty()) {
            text.append("[]");
            return;
        }
        String inner = newline.isEmpty() ? "" : newline + INDENT;
        text.append('[');
        for (int i = 0; i < list.size(); i++) {
            text.append(i == 0 ? "" : ",").append(inner);
            append(text, list.get(i), inner);
        }
        text.append(newline).append(']');
    }

    private static void appendString(StringBuilder text, String string) {
        text.append('"');
        for (int i = 0; i < string.length(); i++) {
            char c = string.charAt(i);
            switch (c) {
                case '"' -> text.append("\\\"");
                case '\\' -> text.append("\\\\");
                case '\n' -> text.append("\\n");
                case '\r' -> text.append("\\r");
                case '\t' -> text.append("\\t");
                case '\b' -> text.append("\\b");
                case '\f' -> text.append("\\f");
                default -> {
                    if (c < ' ') {
                        text.append("\\u%04x".formatted((int) c));
                    } else {
                        text.append(c);
                    }
                }
            }
        }
        text.append('"');
    }
}
