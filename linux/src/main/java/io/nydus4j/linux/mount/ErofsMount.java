package io.nydus4j.linux.mount;

import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.RawBytes;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.linux.file.OpenFlags;
import io.nydus4j.linux.file.PosixFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
        List<Descriptor> opened = new ArrayList<>();
        try (FileSystemContext context = FileSystemContext.open("erofs")) {
            context.flag("ro").option("source", value(image, opened));
            for (byte[] device : devices) {
                context.option("device", value(device, opened));
            }
            context.mount(
                    target, FileSystemContext.READ_ONLY | FileSystemContext.NO_SUID | FileSystemContext.NO_DEVICES);
        } finally {
            for (Descriptor descriptor : opened) {
                descriptor.close();
            }
        }
    }

    /**
     * Returns a path that an option can hold.
     *
     * @param opened takes the descriptor that a substitute for a longer path leads to, until the kernel has opened the file
     */
    private static byte[] value(byte[] path, List<Descriptor> opened) throws ErrnoException {
        if (path.length <= FileSystemContext.LONGEST_VALUE) {
            return path;
        }
        Descriptor file = PosixFiles.open(Descriptor.WORKING_DIRECTORY, path, OpenFlags.PATH, 0);
        opened.add(file);
        return NativePath.bytes(file.procPath());
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
