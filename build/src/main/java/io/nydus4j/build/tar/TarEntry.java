package io.nydus4j.build.tar;

import io.nydus4j.rafs.tree.Xattr;
import java.util.List;

/**
 * What a tar archive says of one member. The arrays are not copied; nobody changes them.
 *
 * @param type         type of the member
 * @param name         path without a slash at either end
 * @param linkName     target of a hard or symbolic link, else empty
 * @param mode         permissions; other bits are left out
 * @param uid          owner, unsigned
 * @param gid          group, unsigned
 * @param userName     name of the owner, empty if unknown
 * @param groupName    name of the group, empty if unknown
 * @param size         bytes of data that follow; 0 unless the member is a regular file
 * @param mtimeSeconds time of last modification, in seconds since 1970
 * @param mtimeNanos   nanoseconds of it
 * @param deviceMajor  major number of a device, else 0
 * @param deviceMinor  minor number of a device, else 0
 * @param xattrs       extended attributes
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
public record TarEntry(
        TarType type,
        byte[] name,
        byte[] linkName,
        int mode,
        int uid,
        int gid,
        byte[] userName,
        byte[] groupName,
        long size,
        long mtimeSeconds,
        int mtimeNanos,
        int deviceMajor,
        int deviceMinor,
        List<Xattr> xattrs) {}
