package io.nydus4j.storage.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;

/** Reads JSON. */
public final class JsonDocument {
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private JsonDocument() {}

    /**
     * Loads on a thread of its own what it takes to read a first document: the parser needs {@link java.math.BigDecimal}, which calculates
     * for 20 ms when it is loaded. Whoever is in a hurry calls this before it has a text; nothing depends on it.
     */
    public static void prepare() {
        Thread.ofPlatform().daemon().name("nydus-json").start(() -> {
            try {
                parse("{}");
            } catch (ConfigurationException e) {
                throw new AssertionError(e); // it is one
            }
        });
    }

    /**
     * Reads a text that is one JSON object.
     *
     * @throws ConfigurationException if it is not
     */
    public static DocumentNode.Table parse(String text) throws ConfigurationException {
        try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), text)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw ConfigurationException.unreadable("the document is not a JSON object");
            }
            DocumentNode.Table table = table(parser);
            if (parser.nextToken() != null) {
                throw ConfigurationException.unreadable("something follows the JSON object");
            }
            return table;
        } catch (JacksonException e) {
            // Only the place: the message may quote the document, and with it a secret. Too deep nesting has no place.
            var place = e.getLocation();
            throw ConfigurationException.unreadable("not JSON, a member twice, or nested too deep"
                    + (place == null ? "" : ", at line " + place.getLineNr() + " column " + place.getColumnNr()));
        }
    }

    private static DocumentNode.Table table(JsonParser parser) {
        Map<String, DocumentNode> members = new LinkedHashMap<>();
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            String name = parser.currentName();
            members.put(name, value(parser, parser.nextToken()));
        }
        return new DocumentNode.Table(members);
    }

    // The parser limits how deep values nest.
    private static DocumentNode value(JsonParser parser, JsonToken token) {
        return switch (token) {
            case START_OBJECT -> table(parser);
            case START_ARRAY -> {
                List<DocumentNode> elements = new ArrayList<>();
                for (JsonToken next = parser.nextToken(); next != JsonToken.END_ARRAY; next = parser.nextToken()) {
                    elements.add(value(parser, next));
                }
                yield new DocumentNode.Array(elements);
            }
            case VALUE_STRING -> new DocumentNode.Text(parser.getString());
            case VALUE_NUMBER_INT -> new DocumentNode.Whole(parser.getBigIntegerValue());
            case VALUE_NUMBER_FLOAT -> new DocumentNode.Other("a fraction");
            case VALUE_TRUE -> new DocumentNode.Truth(true);
            case VALUE_FALSE -> new DocumentNode.Truth(false);
            case VALUE_NULL -> new DocumentNode.Nothing();
            case END_OBJECT, END_ARRAY, PROPERTY_NAME, VALUE_EMBEDDED_OBJECT, NOT_AVAILABLE ->
                throw new IllegalStateException("a JSON parser that checks its input found " + token);
        };
    }
}
