package io.nydus4j.linux.mount;

import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.OpenFlags;
import io.nydus4j.linux.file.PosixFiles;
import io.nydus4j.linux.file.ProcessIdentity;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * A FUSE mount of this machine, with what is needed to take it away.
 *
 * @param mountPoint absolute path without symbolic links, as raw bytes
 * @param byHelper whether {@code fusermount3} made it and must unmount it, the user not being root
 */
@SuppressWarnings("ArrayRecordComponent") // names are bytes; mounts are not compared
public record FuseMount(byte[] mountPoint, boolean byHelper) {
    private static final byte[] DEVICE = "/dev/fuse".getBytes(StandardCharsets.US_ASCII);

    /**
     * A new mount and the other end of it.
     *
     * @param mount  the mount
     * @param device descriptor of {@code /dev/fuse}, from which the first request, INIT, can be read; the caller closes it
     */
    public record Mounted(FuseMount mount, Descriptor device) {}

    /**
     * Mounts: as root by {@code mount}, else by {@code fusermount3}.
     *
     * @throws ErrnoException if the kernel refuses
     * @throws IOException    if the helper is missing or refuses
     */
    public static Mounted mount(FuseMountOptions options) throws IOException {
        byte[] place = place(options.mountPoint());
        if (!ProcessIdentity.isRoot()) {
            return new Mounted(new FuseMount(place, true), Fusermount.mount(place, options));
        }
        Descriptor device =
                PosixFiles.open(Descriptor.WORKING_DIRECTORY, DEVICE, OpenFlags.READ_WRITE | OpenFlags.NON_BLOCKING, 0);
        try {
            String data = "fd=" + device.number() + ",rootmode=40000,user_id="
                    + Integer.toUnsignedString(ProcessIdentity.effectiveUser()) + ",group_id="
                    + Integer.toUnsignedString(ProcessIdentity.effectiveGroup())
                    + (options.allowOther() ? ",allow_other" : "")
                    + (options.defaultPermissions() ? ",default_permissions" : "");
            String type = options.subtype().isEmpty() ? "fuse" : "fuse." + options.subtype();
            Mounts.mount(options.source(), place, type, options.flags(), data);
            return new Mounted(new FuseMount(place, false), device);
        } catch (IOException | RuntimeException e) {
            device.close();
            throw e;
        }
    }

    /**
     * Unmounts lazily: the mount is out of sight at once, and gone when its last user is. Does nothing where it is gone already, also
     * if another kind of file system is mounted there.
     *
     * @throws IOException if the kernel or the helper refuses
     */
    public void unmount() throws IOException {
        if (!MountTable.find(mountPoint)
                .map(entry -> entry.type().equals("fuse") || entry.type().startsWith("fuse."))
                .orElse(false)) {
            return;
        }
        if (byHelper) {
            Fusermount.unmount(mountPoint);
            return;
        }
        try {
            Mounts.detach(mountPoint);
        } catch (ErrnoException e) {
            if (e.errno() != Errno.EINVAL && e.errno() != Errno.ENOENT) { // not a mount, no such directory
                throw e;
            }
        }
    }

    /**
     * Returns the absolute path of a mount point, without symbolic links. What is mounted there is not asked anything, so this works
     * where nobody answers.
     *
     * @throws ErrnoException if it is no directory
     */
    public static byte[] place(byte[] mountPoint) throws ErrnoException {
        int flags = OpenFlags.PATH | OpenFlags.DIRECTORY;
        try (Descriptor directory = PosixFiles.open(Descriptor.WORKING_DIRECTORY, mountPoint, flags, 0)) {
            byte[] link = ("/proc/self/fd/" + directory.number()).getBytes(StandardCharsets.US_ASCII);
            return PosixFiles.readLink(Descriptor.WORKING_DIRECTORY, link);
        }
    }
}
