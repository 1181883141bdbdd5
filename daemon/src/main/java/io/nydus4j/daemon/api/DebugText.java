package io.nydus4j.daemon.api;

import java.util.Map;
import java.util.StringJoiner;

/** Debug renderings as the reference's error messages have them. */
public final class DebugText {
    private DebugText() {}

    /** Returns text in double quotes, with quotes, backslashes and control characters escaped. */
    public static String quote(String text) {
        StringBuilder quoted = new StringBuilder(text.length() + 2).append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> quoted.append("\\\"");
                case '\\' -> quoted.append("\\\\");
                case '\n' -> quoted.append("\\n");
                case '\r' -> quoted.append("\\r");
                case '\t' -> quoted.append("\\t");
                case '\0' -> quoted.append("\\0");
                default -> {
                    if (c < ' ' || c == 0x7f) {
                        quoted.append("\\u{").append(Integer.toHexString(c)).append('}');
                    } else {
                        quoted.append(c);
                    }
                }
            }
        }
        return quoted.append('"').toString();
    }

    /** Returns a JSON value such as {@code Object {"code": String("UNDEFINED")}}. */
    public static String of(JsonValue value) {
        return switch (value) {
            case JsonValue.JsonObject object -> {
                StringJoiner members = new StringJoiner(", ", "Object {", "}");
                for (Map.Entry<String, JsonValue> member : object.members().entrySet()) {
                    members.add(quote(member.getKey()) + ": " + of(member.getValue()));
                }
                yield members.toString();
            }
            case JsonValue.JsonArray array -> {
                StringJoiner items = new StringJoiner(", ", "Array [", "]");
                for (JsonValue item : array.items()) {
                    items.add(of(item));
                }
                yield items.toString();
            }
            case JsonValue.JsonString string -> "String(" + quote(string.value()) + ")";
            case JsonValue.JsonNumber number -> "Number(" + number.literal() + ")";
            case JsonValue.JsonBoolean bool -> "Bool(" + bool.value() + ")";
            case JsonValue.JsonNull ignored -> "Null";
        };
    }
}
