package io.nydus4j.build;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** The names that this machine has for user or group ids: the local ones, from {@code /etc}. */
final class OwnerNames {
    private static final byte[] UNKNOWN = {};
    private static final int ID_FIELD = 2;

    private final Map<Integer, byte[]> names = new HashMap<>();

    private OwnerNames() {}

    /** Reads the users; those that cannot be read have no names. */
    static OwnerNames users() {
        return read(Path.of("/etc/passwd"));
    }

    /** Reads the groups; those that cannot be read have no names. */
    static OwnerNames groups() {
        return read(Path.of("/etc/group"));
    }

    private static OwnerNames read(Path file) {
        OwnerNames result = new OwnerNames();
        try {
            for (String line : Files.readAllLines(file, StandardCharsets.ISO_8859_1)) {
                String[] fields = line.split(":", -1);
                if (fields.length > ID_FIELD && fields[ID_FIELD].matches("[0-9]{1,10}")) {
                    int id = (int) Long.parseLong(fields[ID_FIELD]);
                    result.names.putIfAbsent(id, fields[0].getBytes(StandardCharsets.ISO_8859_1));
                }
            }
        } catch (IOException e) {
            return result;
        }
        return result;
    }

    /** Returns the name of an id, as bytes; empty if it has none. */
    byte[] of(int id) {
        return names.getOrDefault(id, UNKNOWN);
    }
}
