package io.nydus4j.daemon.erofs;

import io.nydus4j.linux.fanotify.PreContentGroup;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.DeviceNumbers;
import io.nydus4j.linux.file.OpenFlags;
import io.nydus4j.linux.file.PosixFiles;
import io.nydus4j.linux.mount.MountEntry;
import io.nydus4j.linux.mount.MountTable;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/**
 * A mounted file system by its device number. It is noted in the group that hears of its readers, which outlives the daemon: so a successor,
 * too, can tell whether anybody still uses it, wherever it is mounted and whether it can be seen or not.
 *
 * @param group  where it is noted
 * @param device number of its device
 * @param type   its type, as mount tables have it
 */
record Superblock(PreContentGroup group, long device, String type) {
    /**
     * Notes what is mounted on a directory.
     *
     * @throws IOException if it is of another type
     */
    static Superblock note(PreContentGroup group, byte[] directory, String type) throws IOException {
        try (Descriptor opened = PosixFiles.open(
                Descriptor.WORKING_DIRECTORY,
                directory,
                OpenFlags.READ_ONLY | OpenFlags.DIRECTORY | OpenFlags.NO_FOLLOW | OpenFlags.CLOSE_ON_EXEC,
                0)) {
            Superblock superblock = new Superblock(group, opened.status().dev(), type);
            if (!superblock.isOn(directory, MountTable.read())) {
                throw new IOException("somebody unmounted the image right away");
            }
            group.note(opened);
            return superblock;
        }
    }

    /** Tells whether somebody uses it: it is mounted in some namespace, or a file of it is open. */
    boolean isInUse() throws IOException {
        return group.isInUse(device);
    }

    /** Tells whether a mount table has it on a directory, at the top or below other mounts. */
    boolean isOn(byte[] directory, List<MountEntry> table) {
        return table.stream()
                .anyMatch(entry ->
                        isOf(type, entry, directory) && DeviceNumbers.of(entry.major(), entry.minor()) == device);
    }

    /** Tells whether an entry of a mount table is of a type and on a directory. */
    static boolean isOf(String type, MountEntry entry, byte[] directory) {
        return entry.type().equals(type) && Arrays.equals(entry.mountPoint(), directory);
    }
}
