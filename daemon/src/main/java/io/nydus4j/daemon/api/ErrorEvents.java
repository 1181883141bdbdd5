package io.nydus4j.daemon.api;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The latest errors of backends: {@code GET /api/v1/daemon/events}. Mirrors {@code ErrorHolder} of the reference.
 *
 * @param maxErrors  how many are kept
 * @param maxSize    how many bytes are kept
 * @param errors     oldest first, each with its date
 */
public record ErrorEvents(int maxErrors, int maxSize, List<String> errors) {
    public ErrorEvents {
        errors = List.copyOf(errors);
    }

    /** Returns this message as JSON. */
    public String toJson() {
        return JsonText.write(out -> {
            out.writeStartObject();
            JsonText.number(out, "max_errors", maxErrors);
            JsonText.number(out, "total_errors", errors.size());
            JsonText.number(out, "max_size", maxSize);
            JsonText.number(
                    out,
                    "total_size",
                    errors.stream()
                            .mapToLong(e -> e.getBytes(StandardCharsets.UTF_8).length)
                            .sum());
            out.writeName("errors");
            out.writeStartArray();
            for (String error : errors) {
                out.writeString(error);
            }
            out.writeEndArray();
            out.writeEndObject();
        });
    }
}
