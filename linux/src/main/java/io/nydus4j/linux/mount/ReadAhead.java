package io.nydus4j.linux.mount;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/** The kernel's read-ahead for a mounted file system. */
public final class ReadAhead {
    private static final System.Logger LOGGER = System.getLogger(ReadAhead.class.getName());

    private ReadAhead() {}

    /**
     * Sets how much the kernel reads ahead; only root may. Touches {@code /sys} and the mount table, not the mount.
     *
     * @param mountPoint absolute path without symbolic links, as raw bytes
     * @param kib        how much, in KiB
     * @return false if it could not be set; nothing is lost then but speed
     */
    public static boolean set(byte[] mountPoint, int kib) {
        try {
            Optional<MountEntry> entry = MountTable.find(mountPoint);
            if (entry.isEmpty()) {
                return false;
            }
            Path file = Path.of(
                    "/sys/class/bdi", entry.get().major() + ":" + entry.get().minor(), "read_ahead_kb");
            Files.write(
                    file,
                    Integer.toString(kib).getBytes(StandardCharsets.US_ASCII),
                    StandardOpenOption.WRITE); // created by the kernel alone
            return true;
        } catch (IOException e) {
            LOGGER.log(System.Logger.Level.DEBUG, "cannot set the read-ahead", e);
            return false;
        }
    }
}
