package io.nydus4j.build.tar;

import java.util.Locale;

/** How the whole of an archive is compressed. */
public enum ArchiveCompression {
    /** Not at all. */
    NONE,
    /** One or more gzip members. */
    GZIP,
    /** One or more zstd frames. */
    ZSTD,
    /** By bzip2, which is not supported. */
    BZIP2,
    /** By xz, which is not supported. */
    XZ;

    /** Returns what users call it. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
