package io.nydus4j.build;

import java.util.Arrays;

/** The link of the golden tarfs image that is longer than a block, which the reference writes to a place where no kernel looks for it. */
final class TarfsLink {
    /** Behind its inode. */
    private static final int START = 13792;

    /** The end of the blocks that belong to it. */
    private static final int END = 17408;

    private TarfsLink() {}

    /** Returns the bootstrap without the link's target. */
    static byte[] blank(byte[] bootstrap) {
        byte[] blank = bootstrap.clone();
        Arrays.fill(blank, START, END, (byte) 0);
        return blank;
    }
}
