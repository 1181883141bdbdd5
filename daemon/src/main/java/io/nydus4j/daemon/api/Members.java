package io.nydus4j.daemon.api;

/** The members of a message that must be an object, with the complaints of the reference's parser. */
public final class Members {
    private final JsonValue.JsonObject object;

    private Members(JsonValue.JsonObject object) {
        this.object = object;
    }

    /**
     * Takes an object.
     *
     * @param expected what the complaint calls it
     * @throws JsonException if {@code value} is something else
     */
    public static Members of(JsonValue value, String expected) throws JsonException {
        if (value instanceof JsonValue.JsonObject object) {
            return new Members(object);
        }
        throw wrongType(value, expected);
    }

    /** Tells whether there is a member of this name. */
    public boolean has(String name) {
        return object.members().containsKey(name);
    }

    /** Returns a member, {@link JsonValue#NULL} if there is none. */
    public JsonValue get(String name) {
        return object.member(name);
    }

    /**
     * Returns a member that must be a string.
     *
     * @throws JsonException if it is missing or something else
     */
    public String text(String name) throws JsonException {
        if (!has(name)) {
            throw new JsonException("missing field `" + name + "`", 1, 0);
        }
        return text(get(name));
    }

    /**
     * Returns the text of a string.
     *
     * @throws JsonException if {@code value} is something else
     */
    public static String text(JsonValue value) throws JsonException {
        String text = value.text();
        if (text == null) {
            throw wrongType(value, "a string");
        }
        return text;
    }

    /** Returns the complaint about a value of the wrong type. */
    public static JsonException wrongType(JsonValue value, String expected) {
        String found = switch (value) {
            case JsonValue.JsonObject ignored -> "map";
            case JsonValue.JsonArray ignored -> "sequence";
            case JsonValue.JsonString string -> "string " + DebugText.quote(string.value());
            case JsonValue.JsonNumber number ->
                (number.isInteger() ? "integer `" : "floating point `") + number.literal() + "`";
            case JsonValue.JsonBoolean bool -> "boolean `" + bool.value() + "`";
            case JsonValue.JsonNull ignored -> "null";
        };
        return new JsonException("invalid type: " + found + ", expected " + expected, 1, 0);
    }
}
