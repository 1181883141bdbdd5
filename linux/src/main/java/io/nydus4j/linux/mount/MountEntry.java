package io.nydus4j.linux.mount;

/**
 * One line of the mount table.
 *
 * @param id the mount's number, unique while it lasts
 * @param parentId the number of the mount it is on
 * @param major major number of the device
 * @param minor minor number of the device
 * @param root directory of the file system that is mounted, as raw bytes
 * @param mountPoint where, as raw bytes
 * @param options options of the mount, separated by commas
 * @param type type of the file system
 * @param source what is mounted, as raw bytes
 * @param fileSystemOptions options of the file system, separated by commas
 */
@SuppressWarnings("ArrayRecordComponent") // names are bytes; entries are not compared
public record MountEntry(
        int id,
        int parentId,
        int major,
        int minor,
        byte[] root,
        byte[] mountPoint,
        String options,
        String type,
        byte[] source,
        String fileSystemOptions) {}
