package io.nydus4j.daemon.api;

import java.util.Optional;
import tools.jackson.core.JsonGenerator;

/**
 * A file system that a daemon serves. Mirrors {@code FsBackendDesc} of the reference.
 *
 * @param type        {@code Rafs} or {@code PassthroughFs}
 * @param mountPoint  where in the daemon's name space, as the request had it
 * @param mountedTime when, in UTC, such as {@code 2026-01-02 03:04:05.678 +00:00:00}
 * @param config      the configuration as JSON, without secrets; empty for {@code PassthroughFs}
 */
public record MountedBackend(String type, String mountPoint, String mountedTime, Optional<String> config) {
    /** Type of a RAFS image. */
    public static final String RAFS = "Rafs";
    /** Type of a directory of the host. */
    public static final String PASSTHROUGH = "PassthroughFs";

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
        out.writeEndObject();
    }

    static MountedBackend of(JsonValue value) {
        JsonValue config = value.get("config");
        return new MountedBackend(
                Texts.orEmpty(value.get("backend_type")),
                Texts.orEmpty(value.get("mountpoint")),
                Texts.orEmpty(value.get("mounted_time")),
                config instanceof JsonValue.JsonNull ? Optional.empty() : Optional.of(config.toJson()));
    }
}
