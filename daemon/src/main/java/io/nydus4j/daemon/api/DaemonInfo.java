package io.nydus4j.daemon.api;

import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import tools.jackson.core.JsonGenerator;

/**
 * What a daemon tells of itself: {@code GET /api/v1/daemon}. Mirrors {@code DaemonInfo} of the reference.
 *
 * @param build      which build runs
 * @param id         instance id, if it was given one
 * @param supervisor socket of its supervisor, if it was given one
 * @param state      what it is doing
 * @param backends   what it serves, by mount point; empty for version 2 of the API and for daemons without file systems
 */
public record DaemonInfo(
        BuildInfo build,
        Optional<String> id,
        Optional<String> supervisor,
        DaemonState state,
        Optional<SortedMap<String, MountedBackend>> backends) {
    /** Returns this message as JSON. */
    public String toJson() {
        return JsonText.write(this::write);
    }

    private void write(JsonGenerator out) {
        out.writeStartObject();
        out.writeName("version");
        build.write(out);
        text(out, "id", id);
        text(out, "supervisor", supervisor);
        out.writeStringProperty("state", state.name());
        out.writeName("backend_collection");
        if (backends.isPresent()) {
            out.writeStartObject();
            for (Map.Entry<String, MountedBackend> backend : backends.get().entrySet()) {
                out.writeName(backend.getKey());
                backend.getValue().write(out);
            }
            out.writeEndObject();
        } else {
            out.writeNull();
        }
        out.writeEndObject();
    }

    private static void text(JsonGenerator out, String name, Optional<String> value) {
        out.writeName(name);
        if (value.isPresent()) {
            out.writeString(value.get());
        } else {
            out.writeNull();
        }
    }

    /** Reads this message; members that are missing are empty. */
    public static DaemonInfo of(JsonValue value) {
        Optional<SortedMap<String, MountedBackend>> backends = Optional.empty();
        if (value.get("backend_collection") instanceof JsonValue.JsonObject collection) {
            SortedMap<String, MountedBackend> map = new TreeMap<>();
            for (Map.Entry<String, JsonValue> member : collection.members().entrySet()) {
                map.put(member.getKey(), MountedBackend.of(member.getValue()));
            }
            backends = Optional.of(map);
        }
        return new DaemonInfo(
                BuildInfo.of(value.get("version")),
                Texts.optional(value.get("id")),
                Texts.optional(value.get("supervisor")),
                DaemonState.of(Texts.orEmpty(value.get("state"))),
                backends);
    }
}
