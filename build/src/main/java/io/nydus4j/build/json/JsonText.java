package io.nydus4j.build.json;

import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Writes JSON: maps, lists, texts, and all else as it prints itself. The nesting is as deep as the caller makes it. */
public final class JsonText {
    private static final String INDENT = "  ";

    private JsonText() {}

    /** Returns the text over several lines, two spaces a level, without a newline at the end. */
    public static String indented(Map<String, ?> fields) {
        StringBuilder text = new StringBuilder();
        append(text, fields, "\n");
        return text.toString();
    }

    /** Returns the text on one line, without spaces or a newline at the end. */
    public static String compact(Map<String, ?> fields) {
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
