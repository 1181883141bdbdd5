package io.nydus4j.daemon.api;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Asks a daemon to serve a file system: body of {@code POST /api/v1/mount}. Mirrors {@code ApiMountCmd} of the reference.
 *
 * @param source        bootstrap, or directory of {@code passthrough_fs}
 * @param type          {@code rafs} or {@code passthrough_fs}; may be empty
 * @param config        configuration document as text
 * @param prefetchFiles absolute paths to fetch first, instead of those that the image names
 */
public record MountRequest(String source, String type, String config, Optional<List<String>> prefetchFiles) {
    /** Returns this message as JSON. */
    public String toJson() {
        return JsonText.write(out -> {
            out.writeStartObject();
            out.writeStringProperty("source", source);
            out.writeStringProperty("fs_type", type);
            out.writeStringProperty("config", config);
            if (prefetchFiles.isPresent()) {
                out.writeName("prefetch_files");
                out.writeStartArray();
                for (String file : prefetchFiles.get()) {
                    out.writeString(file);
                }
                out.writeEndArray();
            }
            out.writeEndObject();
        });
    }

    /**
     * Reads this message.
     *
     * @throws JsonException if a member is missing or of the wrong type
     */
    public static MountRequest of(JsonValue value) throws JsonException {
        Members members = Members.of(value, "struct ApiMountCmd");
        String source = members.text("source");
        String type = members.has("fs_type") ? members.text("fs_type") : "";
        String config = members.text("config");
        Optional<List<String>> prefetch = Optional.empty();
        if (members.has("prefetch_files") && !(members.get("prefetch_files") instanceof JsonValue.JsonNull)) {
            prefetch = Optional.of(texts(members.get("prefetch_files")));
        }
        return new MountRequest(source, type, config, prefetch);
    }

    private static List<String> texts(JsonValue value) throws JsonException {
        if (!(value instanceof JsonValue.JsonArray array)) {
            throw Members.wrongType(value, "a sequence");
        }
        List<String> texts = new ArrayList<>();
        for (JsonValue item : array.items()) {
            String text = item.text();
            if (text == null) {
                throw Members.wrongType(item, "a string");
            }
            texts.add(text);
        }
        return List.copyOf(texts);
    }
}
