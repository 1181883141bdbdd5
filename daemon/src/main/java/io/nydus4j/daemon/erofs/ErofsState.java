package io.nydus4j.daemon.erofs;

import io.nydus4j.daemon.api.JsonException;
import io.nydus4j.daemon.api.JsonValue;
import io.nydus4j.daemon.api.JsonValue.JsonArray;
import io.nydus4j.daemon.api.JsonValue.JsonNumber;
import io.nydus4j.daemon.api.JsonValue.JsonObject;
import io.nydus4j.daemon.api.JsonValue.JsonString;
import io.nydus4j.daemon.api.Members;
import io.nydus4j.daemon.state.MountTable;
import io.nydus4j.daemon.upgrade.ProcessMark;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What a successor must know to fill the cache files of mounts. As a document it holds the secrets of the configurations.
 *
 * @param daemon  who fills them, or did last
 * @param mounts  the images that the kernel was or is to be asked to mount
 * @param devices the numbers of their devices, in the order of the mounts; 0 for one that was not yet mounted
 * @param complete the numbers of those devices whose mounts need no process; some may be missing
 * @param store   where the objects are that the mounts share; empty if each image has its data for itself
 */
public record ErofsState(
        ProcessMark daemon, MountTable mounts, List<Long> devices, Set<Long> complete, Optional<Path> store) {
    private static final int VERSION = 1;
    private static final String DEVICES = "devices";
    private static final String COMPLETE = "complete";

    /** Copies the list and the set. */
    public ErofsState {
        devices = List.copyOf(devices);
        complete = Set.copyOf(complete);
    }

    /** Returns this as a JSON document. */
    byte[] toJson() {
        Map<String, JsonValue> members = new TreeMap<>(Map.of(
                "version",
                number(VERSION),
                "pid",
                number(daemon.id()),
                "start",
                number(daemon.start()),
                DEVICES,
                numbers(devices),
                COMPLETE,
                numbers(complete),
                "table",
                new JsonString(mounts.toJson())));
        store.ifPresent(place -> members.put("store", new JsonString(place.toString())));
        return new JsonObject(new TreeMap<>(members)).toJson().getBytes(StandardCharsets.UTF_8);
    }

    private static JsonValue number(long value) {
        return new JsonNumber(Long.toString(value));
    }

    private static JsonValue numbers(Collection<Long> values) {
        return new JsonArray(values.stream().map(ErofsState::number).toList());
    }

    private static List<Long> numbers(JsonValue value) throws JsonException {
        List<Long> numbers = new ArrayList<>();
        if (value instanceof JsonArray array) {
            for (JsonValue number : array.items()) {
                numbers.add(number.number());
            }
        }
        return numbers;
    }

    /**
     * Reads a document.
     *
     * @throws JsonException if it is not one of this version
     */
    static ErofsState parse(byte[] document) throws JsonException {
        JsonValue value = JsonValue.parse(document);
        if (value.get("version").number() != VERSION) {
            throw new JsonException("the state of EROFS mounts of another version than " + VERSION, 1, 0);
        }
        String table = Members.of(value, "the state of EROFS mounts").text("table");
        return new ErofsState(
                new ProcessMark(value.get("pid").number(), value.get("start").number()),
                MountTable.parse(table.getBytes(StandardCharsets.UTF_8)),
                numbers(value.get(DEVICES)),
                Set.copyOf(numbers(value.get(COMPLETE))),
                value.get("store") instanceof JsonString place
                        ? Optional.of(Path.of(place.value()))
                        : Optional.empty());
    }

    /** Does not show the mounts' configurations. */
    @Override
    public String toString() {
        return mounts.mounts().size() + " EROFS mounts of process " + daemon.id();
    }
}
