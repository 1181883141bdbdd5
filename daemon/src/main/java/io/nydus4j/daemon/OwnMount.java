package io.nydus4j.daemon;

import io.nydus4j.linux.RawBytes;
import io.nydus4j.linux.mount.FuseMount;
import java.io.IOException;
import java.util.Arrays;

/** Keeps a daemon from serving what it would have to ask itself for: whoever asked would wait for good. */
final class OwnMount {
    private OwnMount() {}

    /**
     * Refuses a directory that holds the daemon's mount point, or is within it.
     *
     * @param directory path of the directory
     * @param shown     the mount point, without symbolic links
     * @throws IOException if it is refused, or is no directory
     */
    static void refuse(byte[] directory, byte[] shown) throws IOException {
        byte[] place = FuseMount.place(directory);
        if (holds(place, shown) || holds(shown, place)) {
            throw new IOException("the directory " + RawBytes.printable(place) + " and the mount point "
                    + RawBytes.printable(shown) + " hold one another: the daemon would have to ask itself");
        }
    }

    /** Tells whether a path is another or below it; both are absolute. */
    static boolean holds(byte[] above, byte[] below) {
        int length = above.length == 1 ? 0 : above.length; // the root ends with a slash, which others have in front
        return below.length >= length
                && Arrays.equals(above, 0, length, below, 0, length)
                && (below.length == length || below[length] == '/');
    }
}
