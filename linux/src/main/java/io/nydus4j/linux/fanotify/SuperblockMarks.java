package io.nydus4j.linux.fanotify;

import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.DeviceNumbers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/**
 * Reads which file systems a fanotify group has marks on, from {@code /proc/self/fdinfo}. Such a mark does not keep its file system, but
 * goes with it: it tells whether somebody still uses one that can be seen nowhere any more, in any process that has the group.
 */
final class SuperblockMarks {
    private static final Path FOLDER = Path.of("/proc/self/fdinfo");
    private static final String LINE = "fanotify sdev:";
    private static final int MINOR_BITS = 20;

    private SuperblockMarks() {}

    /** Returns the device numbers of the file systems that are marked, as {@link DeviceNumbers} packs them. */
    static Set<Long> of(Descriptor group) throws IOException {
        return parse(Files.readString(FOLDER.resolve(Integer.toString(group.number())), StandardCharsets.ISO_8859_1));
    }

    /**
     * Parses lines as <code>fanotify sdev:27 mflags:0 mask:8 ignored_mask:0</code>, whose first number is the kernel's own of a device: the
     * minor number is in the lower 20 bits. Lines of other marks are left out.
     */
    static Set<Long> parse(String text) {
        Set<Long> devices = new HashSet<>();
        for (String line : text.split("\n", -1)) {
            if (line.startsWith(LINE)) {
                int end = line.indexOf(' ', LINE.length());
                int device = Integer.parseInt(line.substring(LINE.length(), end < 0 ? line.length() : end), 16);
                devices.add(DeviceNumbers.of(device >>> MINOR_BITS, device & (1 << MINOR_BITS) - 1));
            }
        }
        return devices;
    }
}
