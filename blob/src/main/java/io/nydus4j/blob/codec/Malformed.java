package io.nydus4j.blob.codec;

import io.nydus4j.blob.RafsFormatException;

/** The errors that several codecs report, worded alike. */
final class Malformed {
    private Malformed() {}

    /** Says that compressed data holds another number of plain bytes than it should. */
    static RafsFormatException wrongLength(String what, long expected, long found) {
        return new RafsFormatException(what, -1, "expected " + expected + " plain bytes, found " + found);
    }

    /** Says that compressed data is broken. */
    static RafsFormatException data(String what, String problem, Throwable cause) {
        return new RafsFormatException(what, -1, "cannot be decompressed: " + problem, cause);
    }

    /** Refuses a target that is too small to compress into. */
    static void checkRoom(long room, int wanted) {
        if (room < wanted) {
            throw new IllegalArgumentException("the target has " + room + " bytes, compressing may take " + wanted);
        }
    }
}
