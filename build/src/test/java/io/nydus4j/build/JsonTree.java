package io.nydus4j.build;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/** A value of a JSON text, for expectations in files. */
record JsonTree(Object value) {
    /** Reads a file. */
    static JsonTree read(Path file) throws IOException {
        try (JsonParser parser = new JsonFactory().createParser(ObjectReadContext.empty(), Files.readAllBytes(file))) {
            parser.nextToken();
            return read(parser);
        }
    }

    private static JsonTree read(JsonParser parser) {
        return new JsonTree(
                switch (Objects.requireNonNull(parser.currentToken())) {
                    case START_OBJECT -> {
                        Map<String, JsonTree> members = new LinkedHashMap<>();
                        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                            String name = parser.currentName();
                            parser.nextToken();
                            members.put(name, read(parser));
                        }
                        yield members;
                    }
                    case START_ARRAY -> {
                        List<JsonTree> elements = new ArrayList<>();
                        while (parser.nextToken() != JsonToken.END_ARRAY) {
                            elements.add(read(parser));
                        }
                        yield elements;
                    }
                    case VALUE_NUMBER_INT -> parser.getLongValue();
                    case VALUE_TRUE -> true;
                    case VALUE_FALSE -> false;
                    default -> parser.getString();
                });
    }

    boolean has(String key) {
        return members().containsKey(key);
    }

    JsonTree get(String key) {
        return Objects.requireNonNull(members().get(key), key);
    }

    String text(String key) {
        return get(key).text();
    }

    long number(String key) {
        return get(key).number();
    }

    boolean truth(String key) {
        return (Boolean) get(key).value;
    }

    String text() {
        return (String) value;
    }

    long number() {
        return (Long) value;
    }

    @SuppressWarnings("unchecked")
    Map<String, JsonTree> members() {
        return (Map<String, JsonTree>) value;
    }

    @SuppressWarnings("unchecked")
    List<JsonTree> elements() {
        return (List<JsonTree>) value;
    }
}
