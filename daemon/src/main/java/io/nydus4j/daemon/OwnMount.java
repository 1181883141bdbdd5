package io.nydus4j.daemon;

import io.nydus4j.linux.RawBytes;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.linux.mount.FuseMount;
import java.io.IOException;

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
        if (NativePath.holds(place, shown) || NativePath.holds(shown, place)) {
            throw new IOException("the directory " + RawBytes.printable(place) + " and the mount point "
                    + RawBytes.printable(shown) + " hold one another: the daemon would have to ask itself");
        }
    }
}
