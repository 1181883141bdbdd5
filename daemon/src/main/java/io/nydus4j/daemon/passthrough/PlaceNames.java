package io.nydus4j.daemon.passthrough;

import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.CallerIdentity;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.Mode;
import io.nydus4j.linux.file.OpenFlags;
import io.nydus4j.linux.file.PosixFiles;
import io.nydus4j.linux.fuse.FuseRequest;
import java.io.IOException;
import java.util.Optional;

/**
 * Makes what a request asks for in a directory of the host, as the user and group that ask. The directory is a place, the name a single
 * one, and nothing is followed, so that nothing leads out of the directory.
 */
public final class PlaceNames {
    /** How a place is opened. */
    public static final int PLACE = OpenFlags.PATH | OpenFlags.NO_FOLLOW;

    private static final int ACCESS_MASK = 3;

    private PlaceNames() {}

    /** Makes what a request asks for: a node, a directory, a symbolic link. */
    @FunctionalInterface
    public interface Maker {
        /** Makes it in a directory, by a name that nothing has. */
        void make(Descriptor directory, byte[] name, FuseRequest request) throws IOException;
    }

    /**
     * Returns a name, if it can be one in a directory.
     *
     * @throws ErrnoException {@code EINVAL} otherwise
     */
    public static byte[] checked(byte[] name) throws ErrnoException {
        boolean dots = name.length <= 2;
        for (byte letter : name) {
            dots &= letter == '.';
            if (letter == '/') {
                throw new ErrnoException("name", name, Errno.EINVAL);
            }
        }
        if (dots) {
            throw new ErrnoException("name", name, Errno.EINVAL);
        }
        return name;
    }

    /**
     * Makes a file as a CREATE asks, and opens it.
     *
     * @return empty if there is one already, which is to be opened then
     */
    public static Optional<Descriptor> create(Descriptor directory, byte[] name, FuseRequest request)
            throws IOException {
        int access = request.openFlags() & ACCESS_MASK;
        int mode = request.mode() & Mode.PERMISSION_MASK;
        try {
            return Optional.of(CallerIdentity.as(
                    request.uid(),
                    request.gid(),
                    () -> PosixFiles.open(
                            directory,
                            name,
                            access | OpenFlags.CREATE | OpenFlags.EXCLUSIVE | OpenFlags.NO_FOLLOW,
                            mode)));
        } catch (ErrnoException e) {
            if (e.errno() != Errno.EEXIST || (request.openFlags() & OpenFlags.EXCLUSIVE) != 0) {
                throw e;
            }
            return Optional.empty();
        }
    }

    /** Makes a node as a MKNOD asks. */
    public static void makeNode(Descriptor directory, byte[] name, FuseRequest request) throws IOException {
        CallerIdentity.as(request.uid(), request.gid(), () -> {
            PosixFiles.makeNode(directory, name, request.mode(), Integer.toUnsignedLong(request.device()));
            return true;
        });
    }

    /** Makes a directory as a MKDIR asks. */
    public static void makeDirectory(Descriptor directory, byte[] name, FuseRequest request) throws IOException {
        CallerIdentity.as(request.uid(), request.gid(), () -> {
            PosixFiles.makeDirectory(directory, name, request.mode() & Mode.PERMISSION_MASK);
            return true;
        });
    }

    /** Makes a symbolic link as a SYMLINK asks. */
    public static void makeSymlink(Descriptor directory, byte[] name, FuseRequest request) throws IOException {
        CallerIdentity.as(request.uid(), request.gid(), () -> {
            PosixFiles.makeSymlink(request.copySecondName(), directory, name);
            return true;
        });
    }
}
