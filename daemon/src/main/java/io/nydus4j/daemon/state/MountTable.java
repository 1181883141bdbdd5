package io.nydus4j.daemon.state;

import io.nydus4j.daemon.api.JsonException;
import io.nydus4j.daemon.api.JsonValue;
import io.nydus4j.daemon.api.JsonValue.JsonArray;
import io.nydus4j.daemon.api.JsonValue.JsonNumber;
import io.nydus4j.daemon.api.JsonValue.JsonObject;
import io.nydus4j.daemon.api.JsonValue.JsonString;
import io.nydus4j.daemon.api.Members;
import io.nydus4j.daemon.vfs.NodeNumbers;
import io.nydus4j.daemon.vfs.VfsState;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * All mounts of a daemon and the directories above them: what a successor restores so that the numbers which the kernel knows keep their
 * meaning. As a document it holds the secrets of the configurations.
 *
 * @param mounts in the order they were mounted
 * @param vfs    the directories above them
 */
public record MountTable(List<MountRecord> mounts, VfsState vfs) {
    private static final int VERSION = 1;

    /** Copies the list. */
    public MountTable {
        mounts = List.copyOf(mounts);
    }

    /** Returns this table as a JSON document in one line. */
    public String toJson() {
        return object(Map.of(
                        "version",
                        number(VERSION),
                        "mounts",
                        new JsonArray(mounts.stream().map(MountTable::json).toList()),
                        "directories",
                        new JsonArray(
                                vfs.directories().stream().map(MountTable::json).toList()),
                        "next_index",
                        number(vfs.nextIndex()),
                        "known_indexes",
                        new JsonArray(vfs.knownIndexes().stream()
                                .sorted()
                                .map(index -> number(index))
                                .toList())))
                .toJson();
    }

    private static JsonValue json(MountRecord mount) {
        Map<String, JsonValue> members = new TreeMap<>(Map.of(
                "mountpoint", new JsonString(mount.mountPoint()),
                "index", number(mount.index()),
                "fs_type", new JsonString(mount.type().word()),
                "source", new JsonString(mount.source()),
                "config", new JsonString(mount.configuration()),
                "mounted", new JsonString(mount.mounted().toString())));
        mount.prefetchFiles()
                .ifPresent(files -> members.put(
                        "prefetch_files",
                        new JsonArray(
                                files.stream().<JsonValue>map(JsonString::new).toList())));
        return object(members);
    }

    private static JsonValue json(VfsState.Directory directory) {
        return object(Map.of(
                "ino", number(directory.ino()),
                "parent", number(directory.parent()),
                "name", new JsonString(directory.name())));
    }

    private static JsonObject object(Map<String, JsonValue> members) {
        return new JsonObject(new TreeMap<>(members));
    }

    private static JsonValue number(long value) {
        return new JsonNumber(Long.toString(value));
    }

    /**
     * Reads a document.
     *
     * @throws JsonException if it is not one of this version
     */
    public static MountTable parse(byte[] document) throws JsonException {
        JsonValue value = JsonValue.parse(document);
        if (value.get("version").number() != VERSION) {
            throw new JsonException("a mount table of another version than " + VERSION, 1, 0);
        }
        List<MountRecord> mounts = new ArrayList<>();
        for (JsonValue mount : value.get("mounts").items()) {
            mounts.add(mount(mount));
        }
        List<VfsState.Directory> directories = new ArrayList<>();
        for (JsonValue item : value.get("directories").items()) {
            directories.add(new VfsState.Directory(
                    item.get("ino").number(),
                    item.get("parent").number(),
                    Members.of(item, "a directory").text("name")));
        }
        int nextIndex = (int) value.get("next_index").number();
        return new MountTable(mounts, new VfsState(directories, nextIndex, knownIndexes(value, nextIndex)));
    }

    /** Reads which indexes the kernel may know; a table without them is of a daemon that gave indexes in turn. */
    private static Set<Integer> knownIndexes(JsonValue value, int nextIndex) throws JsonException {
        Set<Integer> known = new HashSet<>();
        if (Members.of(value, "a mount table").has("known_indexes")) {
            for (JsonValue index : value.get("known_indexes").items()) {
                known.add(Math.clamp(index.number(), 1, NodeNumbers.MAX_INDEX));
            }
        } else {
            for (int index = 1; index < Math.min(nextIndex, NodeNumbers.MAX_INDEX + 1); index++) {
                known.add(index);
            }
        }
        return known;
    }

    private static MountRecord mount(JsonValue value) throws JsonException {
        Members members = Members.of(value, "a mount");
        FileSystemType type = FileSystemType.of(members.text("fs_type"))
                .orElseThrow(() -> Members.wrongType(value.get("fs_type"), "the type of a file system"));
        Optional<List<String>> files = Optional.empty();
        if (members.has("prefetch_files")) {
            List<String> texts = new ArrayList<>();
            for (JsonValue item : value.get("prefetch_files").items()) {
                texts.add(Members.text(item));
            }
            files = Optional.of(texts);
        }
        try {
            return new MountRecord(
                    members.text("mountpoint"),
                    (int) value.get("index").number(),
                    type,
                    members.text("source"),
                    members.text("config"),
                    files,
                    Instant.parse(members.text("mounted")));
        } catch (DateTimeException e) {
            throw new JsonException("no time: " + e.getMessage(), 1, 0);
        }
    }
}
