package io.nydus4j.linux.mount;

import io.nydus4j.linux.file.NativePath;
import java.nio.file.Path;

/**
 * What a FUSE mount shall be.
 *
 * @param mountPoint a directory, as raw bytes
 * @param source what the mount table shows as mounted
 * @param subtype what follows {@code "fuse."} in the mount table's type, or empty for plain {@code "fuse"}
 * @param flags bits of {@link MountFlags}
 * @param allowOther whether users other than the mounting one get in; where the mounting user is not root, only if
 *     {@code /etc/fuse.conf} says so, else it is left out
 * @param defaultPermissions whether the kernel checks permissions by the modes it is told
 */
@SuppressWarnings("ArrayRecordComponent") // names are bytes; options are not compared
public record FuseMountOptions(
        byte[] mountPoint, String source, String subtype, long flags, boolean allowOther, boolean defaultPermissions) {

    /** Returns what suits an image: read-only, without set-user-id and devices, for all users, permissions checked. */
    public static FuseMountOptions readOnly(byte[] mountPoint, String source) {
        long flags = MountFlags.READ_ONLY | MountFlags.NO_SUID | MountFlags.NO_DEVICES | MountFlags.NO_ACCESS_TIME;
        return new FuseMountOptions(mountPoint, source, "", flags, true, true);
    }

    /** Does as {@link #readOnly(byte[], String)} for a path. */
    public static FuseMountOptions readOnly(Path mountPoint, String source) {
        return readOnly(NativePath.bytes(mountPoint), source);
    }

    /** Returns these options with other flags. */
    public FuseMountOptions withFlags(long bits) {
        return new FuseMountOptions(mountPoint, source, subtype, bits, allowOther, defaultPermissions);
    }

    /** Returns these options with a subtype. */
    public FuseMountOptions withSubtype(String name) {
        return new FuseMountOptions(mountPoint, source, name, flags, allowOther, defaultPermissions);
    }

    /** Returns these options for the mounting user alone, or for all. */
    public FuseMountOptions withAllowOther(boolean allow) {
        return new FuseMountOptions(mountPoint, source, subtype, flags, allow, defaultPermissions);
    }
}
