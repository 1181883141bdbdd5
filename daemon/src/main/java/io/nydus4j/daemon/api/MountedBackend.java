package io.nydus4j.daemon.api;

import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import tools.jackson.core.JsonGenerator;

/**
 * A file system that a daemon serves. Mirrors {@code FsBackendDesc} of the reference.
 *
 * @param type        {@code Rafs} or {@code PassthroughFs}
 * @param mountPoint  where in the daemon's name space, as the request had it
 * @param mountedTime when, in UTC, such as {@code 2026-01-02 03:04:05.678 +00:00:00}
 * @param config      the configuration as JSON, without secrets; empty for {@code PassthroughFs}
 * @param blobs       where the kernel's EROFS serves it, by blob id how far each blob is: {@code lazy}, {@code filling}, {@code complete}
 *                    or {@code detached}; empty otherwise, as the reference has no such member
 */
public record MountedBackend(
        String type, String mountPoint, String mountedTime, Optional<String> config, SortedMap<String, String> blobs) {
    /** Type of a RAFS image. */
    public static final String RAFS = "Rafs";
    /** Type of a directory of the host. */
    public static final String PASSTHROUGH = "PassthroughFs";

    /** Makes one that is served through FUSE. */
    public MountedBackend(String type, String mountPoint, String mountedTime, Optional<String> config) {
        this(type, mountPoint, mountedTime, config, new TreeMap<>());
    }

    /** Returns this with the states of blobs. */
    public MountedBackend withBlobs(SortedMap<String, String> states) {
        return new MountedBackend(type, mountPoint, mountedTime, config, states);
    }

    void write(JsonGenerator out) {
        out.writeStartObject();
        out.writeStringProperty("backend_type", type);
        out.writeStringProperty("mountpoint", mountPoint);
        out.writeStringProperty("mounted_time", mountedTime);
        out.writeName("config");
        if (config.isPresent()) {
            out.writeRawValue(config.get());
        } else {
            out.writeNull();
        }
        if (!blobs.isEmpty()) {
            out.writeName("blobs");
            out.writeStartObject();
            blobs.forEach(out::writeStringProperty);
            out.writeEndObject();
        }
        out.writeEndObject();
    }

    static MountedBackend of(JsonValue value) {
        JsonValue config = value.get("config");
        SortedMap<String, String> blobs = new TreeMap<>();
        if (value.get("blobs") instanceof JsonValue.JsonObject states) {
            for (Map.Entry<String, JsonValue> state : states.members().entrySet()) {
                blobs.put(state.getKey(), Texts.orEmpty(state.getValue()));
            }
        }
        return new MountedBackend(
                Texts.orEmpty(value.get("backend_type")),
                Texts.orEmpty(value.get("mountpoint")),
                Texts.orEmpty(value.get("mounted_time")),
                config instanceof JsonValue.JsonNull ? Optional.empty() : Optional.of(config.toJson()),
                blobs);
    }
}
