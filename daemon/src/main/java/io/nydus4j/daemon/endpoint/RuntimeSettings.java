package io.nydus4j.daemon.endpoint;

import io.nydus4j.storage.config.Secret;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * Texts that are set while a daemon runs, by id and key: credentials and proxies of a backend. Safe for use by several threads.
 * Mirrors the {@code /config} store of the reference.
 */
public final class RuntimeSettings {
    private static final String REGISTRY_AUTH = "registry_auth";

    /** The keys that may be set. */
    public static final Set<String> KEYS = Set.of(REGISTRY_AUTH, "proxy_url", "dragonfly_scheduler_endpoint");

    private final SortedMap<String, String> values = new ConcurrentSkipListMap<>();

    /**
     * Sets a value.
     *
     * @param id whom it is for, may be empty
     * @return whether there is such a key
     */
    public boolean put(String id, String key, String value) {
        if (!KEYS.contains(key)) {
            return false;
        }
        values.put(id + ':' + key, value);
        return true;
    }

    /** Returns the credentials for the registry of a backend, if they were set. */
    public Optional<Secret> registryAuth(String id) {
        return Optional.ofNullable(values.get(id + ':' + REGISTRY_AUTH)).map(Secret::new);
    }

    /** Returns all values, keys with their ids; or those of one id, keys alone. */
    SortedMap<String, String> values(Optional<String> id) {
        if (id.isEmpty()) {
            return Collections.unmodifiableSortedMap(new TreeMap<>(values));
        }
        String prefix = id.get() + ':';
        SortedMap<String, String> found = new TreeMap<>();
        for (Map.Entry<String, String> value : values.entrySet()) {
            if (value.getKey().startsWith(prefix)
                    && KEYS.contains(value.getKey().substring(prefix.length()))) {
                found.put(value.getKey().substring(prefix.length()), value.getValue());
            }
        }
        return Collections.unmodifiableSortedMap(found);
    }
}
