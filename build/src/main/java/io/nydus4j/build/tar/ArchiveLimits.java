package io.nydus4j.build.tar;

/**
 * What an archive may ask for at most, so that a hostile one ends with an error and not with a full disk or memory.
 *
 * @param members        members
 * @param nameBytes      bytes of a member's path or link target
 * @param extendedBytes  bytes of the extended headers of one member, or of all global ones together
 * @param sparseSegments pieces of data of a sparse file
 * @param plainBytes     plain bytes of the archive
 * @param freeBytes      plain bytes up to which a compressed archive may have any ratio
 * @param ratio          plain bytes for each compressed byte after that; deflate cannot reach more than 1032
 */
public record ArchiveLimits(
        int members, int nameBytes, int extendedBytes, int sparseSegments, long plainBytes, long freeBytes, int ratio) {
    /** Limits that no archive of a real root file system comes near. */
    public static final ArchiveLimits DEFAULT =
            new ArchiveLimits(1 << 24, 0xFFFF, 16 << 20, 1 << 20, 1L << 40, 4L << 30, 500);
}
