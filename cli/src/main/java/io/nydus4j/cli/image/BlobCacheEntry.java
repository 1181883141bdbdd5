package io.nydus4j.cli.image;

import io.nydus4j.daemon.api.JsonException;
import io.nydus4j.daemon.api.JsonValue;
import io.nydus4j.daemon.api.JsonValue.JsonObject;
import io.nydus4j.storage.config.StorageConfiguration;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * An image as the reference's blob cache is told of it: where its metadata is, and its configuration. Mirrors {@code BlobCacheEntry} of the
 * reference.
 *
 * @param bootstrap     the image's metadata
 * @param configuration where its blobs are and where they rest
 */
record BlobCacheEntry(Path bootstrap, StorageConfiguration configuration) {
    private static final String UNREADABLE = "failed to parse configuration information";

    /**
     * Reads an entry.
     *
     * @throws IOException if the file cannot be read, or is not what it should be
     */
    static BlobCacheEntry load(Path file) throws IOException {
        byte[] bytes;
        try (InputStream input = Files.newInputStream(file)) {
            bytes = input.readNBytes(StorageConfiguration.MAX_FILE_SIZE + 1);
        }
        if (bytes.length > StorageConfiguration.MAX_FILE_SIZE) {
            throw new IOException("configuration file size is too big");
        }
        JsonValue entry;
        try {
            entry = JsonValue.parse(bytes);
        } catch (JsonException e) {
            throw new IOException(UNREADABLE, e);
        }
        String type = entry.get("type").text();
        if (type == null || entry.get("id").text() == null) {
            throw new IOException(UNREADABLE);
        }
        if (!type.equals("bootstrap")) {
            throw new IOException("invalid blob cache entry configuration information: the type is '" + type
                    + "', only 'bootstrap' can be exported");
        }
        if (entry.get("config_v2") instanceof JsonObject configuration) {
            return of(configuration, configuration);
        }
        if (entry.get("config") instanceof JsonObject legacy) {
            return of(legacy, ofLegacy(legacy));
        }
        throw new IOException("invalid blob cache entry configuration information");
    }

    private static BlobCacheEntry of(JsonObject described, JsonObject configuration) throws IOException {
        @Nullable String bootstrap = described.get("metadata_path").text();
        if (bootstrap == null) {
            throw new IOException("invalid blob cache entry configuration information: metadata_path is missing");
        }
        TreeMap<String, JsonValue> members = new TreeMap<>(configuration.members());
        members.remove("metadata_path");
        return new BlobCacheEntry(Path.of(bootstrap), StorageConfiguration.parse(new JsonObject(members).toJson()));
    }

    /** Makes a configuration of version 2 from the flat form of version 1. */
    private static JsonObject ofLegacy(JsonObject legacy) {
        TreeMap<String, JsonValue> backend = new TreeMap<>();
        backend.put("type", legacy.get("backend_type"));
        String kind = legacy.get("backend_type").text();
        backend.put(kind == null ? "" : kind, legacy.get("backend_config"));
        TreeMap<String, JsonValue> cache = new TreeMap<>();
        cache.put("type", new JsonValue.JsonString("dummycache"));
        TreeMap<String, JsonValue> members = new TreeMap<>();
        members.put("version", new JsonValue.JsonNumber("2"));
        members.put("backend", new JsonObject(backend));
        members.put("cache", new JsonObject(cache));
        return new JsonObject(members);
    }
}
