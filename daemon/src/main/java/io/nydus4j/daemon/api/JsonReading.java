package io.nydus4j.daemon.api;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.exc.StreamReadException;
import tools.jackson.core.exc.UnexpectedEndOfInputException;

/** Between values and text, by the streaming parser and generator. */
final class JsonReading {
    private JsonReading() {}

    static JsonValue parse(byte[] bytes) throws JsonException {
        try (JsonParser parser = JsonText.FACTORY.createParser(ObjectReadContext.empty(), bytes)) {
            JsonToken first = parser.nextToken();
            if (first == null) {
                throw new JsonException("EOF while parsing a value", 1, bytes.length);
            }
            JsonValue value = value(parser, first);
            if (!isAtEnd(parser)) {
                var location = parser.currentLocation();
                throw new JsonException("trailing characters", location.getLineNr(), location.getColumnNr());
            }
            return value;
        } catch (UnexpectedEndOfInputException e) {
            throw new JsonException(endOf(bytes), lines(bytes), lastColumn(bytes));
        } catch (StreamReadException e) {
            int line = e.getLocation().getLineNr();
            int column = e.getLocation().getColumnNr();
            throw new JsonException(problem(bytes, column), line, column);
        } catch (JacksonException e) {
            throw new JsonException("recursion limit exceeded", 1, 0);
        }
    }

    private static boolean isAtEnd(JsonParser parser) {
        try {
            return parser.nextToken() == null;
        } catch (StreamReadException e) {
            return false;
        }
    }

    /** Names a mistake as the reference's parser does, where its place tells. */
    private static String problem(byte[] bytes, int column) {
        if (isWord(bytes)) {
            return "expected ident";
        }
        boolean atKey = bytes.length > 0 && bytes[0] == '{' && column == 2;
        return atKey ? "key must be a string" : "expected value";
    }

    /** Tells whether the text starts as {@code null}, {@code true} or {@code false} do. */
    private static boolean isWord(byte[] bytes) {
        return bytes.length > 0 && (bytes[0] == 'n' || bytes[0] == 't' || bytes[0] == 'f');
    }

    private static JsonValue value(JsonParser parser, JsonToken token) {
        return switch (token) {
            case START_OBJECT -> object(parser);
            case START_ARRAY -> array(parser);
            case VALUE_STRING -> new JsonValue.JsonString(parser.getString());
            case VALUE_TRUE -> new JsonValue.JsonBoolean(true);
            case VALUE_FALSE -> new JsonValue.JsonBoolean(false);
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> new JsonValue.JsonNumber(parser.getString());
            default -> JsonValue.NULL;
        };
    }

    private static JsonValue object(JsonParser parser) {
        SortedMap<String, JsonValue> members = new TreeMap<>();
        for (JsonToken token = parser.nextToken(); token == JsonToken.PROPERTY_NAME; token = parser.nextToken()) {
            String name = parser.currentName();
            members.put(name, value(parser, parser.nextToken()));
        }
        return new JsonValue.JsonObject(members);
    }

    private static JsonValue array(JsonParser parser) {
        List<JsonValue> items = new ArrayList<>();
        for (JsonToken token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
            items.add(value(parser, token));
        }
        return new JsonValue.JsonArray(items);
    }

    /** Names what was not finished, in the words of the reference's parser. */
    private static String endOf(byte[] bytes) {
        for (int i = bytes.length - 1; i >= 0; i--) {
            switch (bytes[i]) {
                case ' ', '\t', '\n', '\r' -> {}
                case ':' -> {
                    return "EOF while parsing a value";
                }
                case '[' -> {
                    return "EOF while parsing a list";
                }
                default -> {
                    return "EOF while parsing an object";
                }
            }
        }
        return "EOF while parsing a value";
    }

    private static int lines(byte[] bytes) {
        int lines = 1;
        for (byte b : bytes) {
            lines += b == '\n' ? 1 : 0;
        }
        return lines;
    }

    private static int lastColumn(byte[] bytes) {
        int column = 0;
        for (int i = bytes.length - 1; i >= 0 && bytes[i] != '\n'; i--) {
            column++;
        }
        return column;
    }

    static String render(JsonValue value) {
        return JsonText.write(out -> write(out, value));
    }

    static void write(JsonGenerator out, JsonValue value) {
        switch (value) {
            case JsonValue.JsonObject object -> {
                out.writeStartObject();
                for (Map.Entry<String, JsonValue> member : object.members().entrySet()) {
                    out.writeName(member.getKey());
                    write(out, member.getValue());
                }
                out.writeEndObject();
            }
            case JsonValue.JsonArray array -> {
                out.writeStartArray();
                for (JsonValue item : array.items()) {
                    write(out, item);
                }
                out.writeEndArray();
            }
            case JsonValue.JsonString string -> out.writeString(string.value());
            case JsonValue.JsonNumber number -> out.writeRawValue(number.literal());
            case JsonValue.JsonBoolean bool -> out.writeBoolean(bool.value());
            case JsonValue.JsonNull ignored -> out.writeNull();
        }
    }
}
