package io.nydus4j.linux.mount;

import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.RawBytes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Mounts EROFS images straight from files, without loop devices (Linux 6.12). The kernel takes as many devices as an image's table can
 * have, 65,535.
 */
public final class ErofsMount {
    private ErofsMount() {}

    /**
     * Mounts an image.
     *
     * @param image   file with the metadata, as raw bytes
     * @param devices files with the data, in the order of the image's device table, likewise
     * @param target  directory to mount on, likewise
     * @throws IOException if the kernel refuses; the message holds what it said
     */
    public static void mount(byte[] image, List<byte[]> devices, byte[] target) throws IOException {
        try (FileSystemContext context = FileSystemContext.open("erofs")) {
            context.flag("ro").path("source", image);
            for (byte[] device : devices) {
                context.path("device", device);
            }
            context.mount(
                    target, FileSystemContext.READ_ONLY | FileSystemContext.NO_SUID | FileSystemContext.NO_DEVICES);
        }
    }

    /**
     * Unmounts.
     *
     * @throws ErrnoException {@code EBUSY} if somebody uses it
     */
    public static void unmount(byte[] target) throws ErrnoException {
        Mounts.unmount(target, MountFlags.NO_FOLLOW);
    }

    /** Tells whether the kernel knows EROFS; whether it mounts files shows when it is asked to. */
    public static boolean isKnown() throws IOException {
        return RawBytes.text(Files.readAllBytes(Path.of("/proc/filesystems")))
                .lines()
                .anyMatch(line -> line.strip().equals("erofs"));
    }
}
