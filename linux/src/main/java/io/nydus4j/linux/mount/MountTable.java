package io.nydus4j.linux.mount;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The mount table of this process's mount namespace, from {@code /proc/self/mountinfo}. Reading it touches no mount. */
public final class MountTable {
    private static final Path FILE = Path.of("/proc/self/mountinfo");
    private static final String SEPARATOR = "-";

    private MountTable() {}

    /** Reads the table, in the order of mounting. */
    public static List<MountEntry> read() throws IOException {
        return parse(Files.readAllBytes(FILE));
    }

    /**
     * Finds what is mounted on a directory, the topmost if mounts cover each other.
     *
     * @param mountPoint absolute path without symbolic links, as raw bytes
     */
    public static Optional<MountEntry> find(byte[] mountPoint) throws IOException {
        return read().reversed().stream()
                .filter(entry -> Arrays.equals(entry.mountPoint(), mountPoint))
                .findFirst();
    }

    /**
     * Parses lines of: number, parent, major:minor, root, mount point, options, any optional fields, a dash, type, source, options.
     * A line that is otherwise is left out.
     */
    static List<MountEntry> parse(byte[] table) {
        List<MountEntry> entries = new ArrayList<>();
        for (String line : new String(table, StandardCharsets.ISO_8859_1).split("\n", -1)) { // one char per byte
            String[] fields = line.split(" ", -1);
            int dash = Arrays.asList(fields).indexOf(SEPARATOR);
            if (dash < 6 || fields.length < dash + 4) {
                continue;
            }
            String[] device = fields[2].split(":", 2);
            entries.add(new MountEntry(
                    Integer.parseInt(fields[0]),
                    Integer.parseInt(fields[1]),
                    Integer.parseInt(device[0]),
                    Integer.parseInt(device[1]),
                    unescape(fields[3]),
                    unescape(fields[4]),
                    fields[5],
                    fields[dash + 1],
                    unescape(fields[dash + 2]),
                    fields[dash + 3]));
        }
        return entries;
    }

    /** Undoes the kernel's escapes: a backslash and three octal digits for blank, tab, newline and backslash. */
    static byte[] unescape(String field) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(field.length());
        for (int i = 0; i < field.length(); i++) {
            if (isEscape(field, i)) {
                bytes.write(Integer.parseInt(field, i + 1, i + 4, 8));
                i += 3;
            } else {
                bytes.write(field.charAt(i));
            }
        }
        return bytes.toByteArray();
    }

    private static boolean isEscape(String field, int at) {
        if (field.charAt(at) != '\\' || at + 3 >= field.length()) {
            return false;
        }
        return field.substring(at + 1, at + 4).chars().allMatch(c -> c >= '0' && c <= '7');
    }
}
