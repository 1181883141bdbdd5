package io.nydus4j.daemon.api;

import java.io.StringWriter;
import java.util.function.Consumer;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/** Renders messages as JSON text. */
final class JsonText {
    static final JsonFactory FACTORY = new JsonFactory();

    private JsonText() {}

    /** Returns what {@code body} writes. */
    static String write(Consumer<JsonGenerator> body) {
        StringWriter text = new StringWriter();
        try (JsonGenerator out = FACTORY.createGenerator(ObjectWriteContext.empty(), text)) {
            body.accept(out);
        }
        return text.toString();
    }

    /** Writes an array of unsigned numbers. */
    static void numbers(JsonGenerator out, String name, long[] values) {
        out.writeName(name);
        numbers(out, values);
    }

    /** Writes an array of unsigned numbers without a name. */
    static void numbers(JsonGenerator out, long[] values) {
        out.writeStartArray();
        for (long value : values) {
            number(out, value);
        }
        out.writeEndArray();
    }

    /** Writes an unsigned number with its name. */
    static void number(JsonGenerator out, String name, long value) {
        out.writeName(name);
        number(out, value);
    }

    private static void number(JsonGenerator out, long value) {
        if (value >= 0) {
            out.writeNumber(value);
        } else {
            out.writeRawValue(Long.toUnsignedString(value));
        }
    }
}
