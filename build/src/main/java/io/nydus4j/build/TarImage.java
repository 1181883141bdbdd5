package io.nydus4j.build;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.build.tar.TarEntry;
import io.nydus4j.build.tar.TarType;
import io.nydus4j.build.tar.TarWriter;
import io.nydus4j.linux.file.DeviceNumbers;
import io.nydus4j.rafs.BootstrapWalk;
import io.nydus4j.rafs.FileMode;
import io.nydus4j.rafs.Inode;
import io.nydus4j.rafs.tree.Xattr;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Makes the members of a tar archive from the inodes of an image. The root and sockets, which archives do not hold, are left out; all names
 * but the first of a file are hard links. Not safe for use by several threads.
 */
final class TarImage {
    private static final byte[] NOTHING = {};

    private final OrderedOutput output;
    private final TarWriter tar;
    private final OwnerNames users = OwnerNames.users();
    private final OwnerNames groups = OwnerNames.groups();
    /** First path of each file with several names, by inode number. */
    private final Map<Long, byte[]> firstPaths = new HashMap<>();

    /** Starts an archive, which {@code output} takes. */
    TarImage(OrderedOutput output) {
        this.output = output;
        this.tar = new TarWriter(output::write);
    }

    /**
     * Adds an inode.
     *
     * @param walk stands at it
     * @throws IOException if the inode, or data added earlier, is broken, or the archive cannot be written
     */
    void add(Inode inode, BootstrapWalk walk) throws IOException {
        byte[] path = walk.path();
        int type = FileMode.type(inode.mode());
        if (path.length <= 1 || type == FileMode.SOCKET) {
            return;
        }
        byte[] name = Arrays.copyOfRange(path, 1, path.length);
        byte[] firstPath = inode.isHardLink() ? firstPaths.putIfAbsent(inode.ino(), path.clone()) : null;
        if (firstPath != null) {
            tar.begin(entry(inode, TarType.HARD_LINK, name, firstPath));
            return;
        }
        walk.spendOn(inode);
        switch (type) {
            case FileMode.REGULAR -> {
                tar.begin(entry(inode, TarType.REGULAR, name, NOTHING));
                writeData(inode);
            }
            case FileMode.DIRECTORY -> tar.begin(entry(inode, TarType.DIRECTORY, name, NOTHING));
            case FileMode.SYMLINK -> tar.begin(entry(inode, TarType.SYMLINK, name, inode.symlinkTarget()));
            case FileMode.FIFO -> tar.begin(entry(inode, TarType.FIFO, name, NOTHING));
            case FileMode.CHARACTER_DEVICE -> tar.begin(entry(inode, TarType.CHARACTER_DEVICE, name, NOTHING));
            case FileMode.BLOCK_DEVICE -> tar.begin(entry(inode, TarType.BLOCK_DEVICE, name, NOTHING));
            default ->
                throw new RafsFormatException(
                        "inode " + inode.ino(), -1, "has the unknown type 0" + Integer.toOctalString(type));
        }
    }

    private TarEntry entry(Inode inode, TarType type, byte[] name, byte[] linkName) throws IOException {
        boolean device = FileMode.isDevice(inode.mode());
        long rdev = Integer.toUnsignedLong(inode.rdev());
        return new TarEntry(
                type,
                name,
                linkName,
                inode.mode(),
                inode.uid(),
                inode.gid(),
                users.of(inode.uid()),
                groups.of(inode.gid()),
                type == TarType.REGULAR ? inode.size() : 0,
                inode.mtimeSeconds(),
                inode.mtimeNanos(),
                device ? DeviceNumbers.major(rdev) : 0,
                device ? DeviceNumbers.minor(rdev) : 0,
                Xattr.listOf(inode).reversed()); // of two records with one name the last counts
    }

    private void writeData(Inode inode) throws IOException {
        output.data(inode);
        tar.passed(inode.size());
    }

    void finish() throws IOException {
        tar.finish();
    }
}
