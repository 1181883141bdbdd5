package io.nydus4j.daemon.api;

import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/** A JSON value, immutable. Members of objects are sorted by name, as the reference's tools print them. */
public sealed interface JsonValue {
    /** An object; of members with one name the last counts. */
    record JsonObject(SortedMap<String, JsonValue> members) implements JsonValue {
        public JsonObject {
            members = Collections.unmodifiableSortedMap(members);
        }

        /** Returns a member, or {@code null} of JSON if there is none. */
        public JsonValue member(String name) {
            return members.getOrDefault(name, NULL);
        }
    }

    /** An array. */
    record JsonArray(List<JsonValue> items) implements JsonValue {
        public JsonArray {
            items = List.copyOf(items);
        }
    }

    /** A string. */
    record JsonString(String value) implements JsonValue {}

    /** A number, kept as it was written. */
    record JsonNumber(String literal) implements JsonValue {
        /** Tells whether this is a whole number. */
        public boolean isInteger() {
            return literal.chars().allMatch(c -> c == '-' || Character.isDigit(c));
        }
    }

    /** True or false. */
    record JsonBoolean(boolean value) implements JsonValue {}

    /** The value {@code null}. */
    record JsonNull() implements JsonValue {}

    /** The value {@code null}. */
    @SuppressWarnings("ClassInitializationDeadlock") // The record's initialisation does not touch this interface's.
    JsonNull NULL = new JsonNull();

    /**
     * Reads one value and nothing after it.
     *
     * @throws JsonException if the bytes are not one JSON value
     */
    static JsonValue parse(byte[] bytes) throws JsonException {
        return JsonReading.parse(bytes);
    }

    /** Reads one value from text; see {@link #parse(byte[])}. */
    static JsonValue parse(String text) throws JsonException {
        return parse(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Returns this value as JSON in one line. */
    default String toJson() {
        return JsonReading.render(this);
    }

    /** Returns a member of an object; {@link #NULL} if this is no object or has no such member. */
    default JsonValue get(String name) {
        return this instanceof JsonObject object ? object.member(name) : NULL;
    }

    /** Returns the items of an array; none for other values. */
    default List<JsonValue> items() {
        return this instanceof JsonArray array ? array.items() : List.of();
    }

    /** Returns the text of a string, or null for other values. */
    default @Nullable String text() {
        return this instanceof JsonString string ? string.value() : null;
    }

    /** Returns a whole number that fits 64 bits unsigned; 0 for other values. */
    default long number() {
        if (this instanceof JsonNumber number && number.isInteger()) {
            try {
                return number.literal().startsWith("-")
                        ? Long.parseLong(number.literal())
                        : Long.parseUnsignedLong(number.literal());
            } catch (NumberFormatException e) {
                return 0;
            }
        }
        return 0;
    }

    /** Returns the numbers of an array, by {@link #number()}. */
    default long[] numbers() {
        List<JsonValue> items = items();
        long[] numbers = new long[items.size()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = items.get(i).number();
        }
        return numbers;
    }

    /** Tells whether this is {@code true}. */
    default boolean isTrue() {
        return this instanceof JsonBoolean bool && bool.value();
    }
}
