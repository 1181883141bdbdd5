package io.nydus4j.daemon.upgrade;

import io.nydus4j.daemon.api.JsonException;
import io.nydus4j.daemon.api.JsonValue;
import io.nydus4j.daemon.api.JsonValue.JsonBoolean;
import io.nydus4j.daemon.api.JsonValue.JsonNumber;
import io.nydus4j.daemon.api.JsonValue.JsonObject;
import io.nydus4j.daemon.api.JsonValue.JsonString;
import io.nydus4j.daemon.api.Members;
import io.nydus4j.daemon.state.MountTable;
import io.nydus4j.linux.RawBytes;
import io.nydus4j.linux.fuse.FuseConnection;
import io.nydus4j.linux.mount.FuseMount;
import java.nio.charset.StandardCharsets;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * All that a successor must know beside the descriptor of {@code /dev/fuse}. As a document it holds the secrets of the configurations.
 *
 * @param daemon     who serves the mount, or did last
 * @param mount      where it is, and how it is taken away
 * @param connection what was agreed with the kernel, which does not repeat it
 * @param mounts     the file systems in it, by their numbers
 */
public record SessionState(ProcessMark daemon, FuseMount mount, FuseConnection connection, MountTable mounts) {
    private static final int VERSION = 1;

    /** Returns this as a JSON document. */
    public byte[] toJson() {
        SortedMap<String, JsonValue> members = new TreeMap<>();
        members.put("version", number(VERSION));
        members.put("pid", number(daemon.id()));
        members.put("start", number(daemon.start()));
        members.put("mountpoint", new JsonString(latin(mount.mountPoint())));
        members.put("by_helper", new JsonBoolean(mount.byHelper()));
        members.put("minor", number(connection.minor()));
        members.put("flags", number(connection.flags()));
        members.put("max_readahead", number(connection.maxReadAheadBytes()));
        members.put("max_write", number(connection.maxWriteBytes()));
        members.put("max_request", number(connection.maxRequestBytes()));
        members.put("table", new JsonString(mounts.toJson()));
        return new JsonObject(members).toJson().getBytes(StandardCharsets.UTF_8);
    }

    private static JsonNumber number(long value) {
        return new JsonNumber(Long.toString(value));
    }

    /** Shows bytes as characters, one each, since a mount point need not be text. */
    private static String latin(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    /**
     * Reads a document.
     *
     * @throws JsonException if it is not one of this version
     */
    public static SessionState parse(byte[] document) throws JsonException {
        JsonValue value = JsonValue.parse(document);
        if (value.get("version").number() != VERSION) {
            throw new JsonException("the state of a session of another version than " + VERSION, 1, 0);
        }
        Members members = Members.of(value, "the state of a session");
        return new SessionState(
                new ProcessMark(value.get("pid").number(), value.get("start").number()),
                new FuseMount(
                        members.text("mountpoint").getBytes(StandardCharsets.ISO_8859_1),
                        value.get("by_helper").isTrue()),
                new FuseConnection(
                        (int) value.get("minor").number(),
                        value.get("flags").number(),
                        (int) value.get("max_readahead").number(),
                        (int) value.get("max_write").number(),
                        (int) value.get("max_request").number()),
                MountTable.parse(members.text("table").getBytes(StandardCharsets.UTF_8)));
    }

    /** Does not show the mounts' configurations. */
    @Override
    public String toString() {
        return RawBytes.printable(mount.mountPoint()) + " of process " + daemon.id();
    }
}
