package io.nydus4j.daemon.overlay;

import io.nydus4j.daemon.fuse.LowerImage;
import io.nydus4j.daemon.passthrough.PlaceNames;
import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.FileStatus;
import io.nydus4j.linux.file.Mode;
import io.nydus4j.linux.file.OpenFlags;
import io.nydus4j.linux.file.PosixFiles;
import io.nydus4j.linux.file.Xattrs;
import io.nydus4j.rafs.Inode;
import java.io.IOException;

/**
 * Makes whole copies of what an image shows in the work directory, with owner, mode, xattrs and times, for one call to put them in their
 * place. Safe for use by several threads.
 */
final class CopyUp {
    private final LowerImage image;
    private final UpperLayer upper;

    CopyUp(LowerImage image, UpperLayer upper) {
        this.image = image;
        this.upper = upper;
    }

    /**
     * A copy in the work directory.
     *
     * @param name  its name there
     * @param place the copy; whoever has it closes it
     */
    @SuppressWarnings("ArrayRecordComponent") // names are bytes; copies are not compared
    record Copy(byte[] name, Descriptor place) {}

    /**
     * Copies a node without what is below. May block on the network; the data is on the disk before this returns.
     *
     * @param length how much of a file's data is wanted, in bytes
     */
    Copy make(Inode inode, long length) throws IOException {
        byte[] name = upper.newName();
        Descriptor work = upper.work();
        int type = inode.mode() & Mode.TYPE_MASK;
        try {
            switch (type) {
                case Mode.REGULAR -> copyData(inode, Math.min(length, inode.size()), name);
                case Mode.DIRECTORY -> PosixFiles.makeDirectory(work, name, 0700);
                case Mode.SYMLINK -> PosixFiles.makeSymlink(inode.symlinkTarget(), work, name);
                default -> PosixFiles.makeNode(work, name, type | 0600, Integer.toUnsignedLong(inode.rdev()));
            }
            Descriptor place = PosixFiles.open(work, name, PlaceNames.PLACE, 0);
            try {
                dress(place, inode);
                return new Copy(name, place);
            } catch (IOException e) {
                place.close();
                throw e;
            }
        } catch (IOException e) {
            upper.discard(name);
            throw e;
        }
    }

    private void copyData(Inode inode, long length, byte[] name) throws IOException {
        int flags = OpenFlags.READ_WRITE | OpenFlags.CREATE | OpenFlags.EXCLUSIVE | OpenFlags.NO_FOLLOW;
        try (Descriptor file = PosixFiles.open(upper.work(), name, flags, 0600)) {
            image.copy(inode, length, file);
            file.syncData();
        }
    }

    /** Gives a copy all that is not data; what the owner changes, capabilities among it, is set after the owner. */
    private void dress(Descriptor place, Inode inode) throws IOException {
        place.changeOwner(image.uid(inode), image.gid(inode));
        for (byte[] attribute : inode.xattrNames()) {
            byte[] value = inode.xattr(attribute);
            if (value != null && !UpperLayer.isMark(attribute)) {
                setXattr(place, attribute, value);
            }
        }
        if (!inode.isSymlink()) {
            place.changeModeOfPlace(image.mode(inode) & Mode.PERMISSION_MASK);
        }
        PosixFiles.changeTimes(
                place, inode.mtimeSeconds(), inode.mtimeNanos(), inode.mtimeSeconds(), inode.mtimeNanos());
    }

    /** Sets an xattr; one that the file system of the upper directory does not know is left out, as overlayfs does. */
    private static void setXattr(Descriptor place, byte[] attribute, byte[] value) throws ErrnoException {
        try {
            Xattrs.set(place, attribute, value);
        } catch (ErrnoException e) {
            if (e.errno() != Errno.EOPNOTSUPP) {
                throw e;
            }
        }
    }

    /** What gives a directory another entry. */
    @FunctionalInterface
    interface Entry {
        /** Makes the entry. */
        void make() throws IOException;
    }

    /** Adds to a directory of the upper layer what showed in it before, so that its times stay. */
    static void quietly(Descriptor directory, Entry entry) throws IOException {
        FileStatus before = directory.status();
        entry.make();
        PosixFiles.changeTimes(
                directory, before.atimeSeconds(), before.atimeNanos(), before.mtimeSeconds(), before.mtimeNanos());
    }
}
