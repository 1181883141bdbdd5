package io.nydus4j.daemon.passthrough;

import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.FileStatus;
import io.nydus4j.linux.file.Mode;
import io.nydus4j.linux.file.OpenFlags;
import io.nydus4j.linux.file.PosixFiles;
import io.nydus4j.linux.file.Xattrs;
import io.nydus4j.linux.fuse.FuseAttributeChange;
import io.nydus4j.linux.fuse.FuseAttributes;
import io.nydus4j.linux.fuse.FuseReply;
import io.nydus4j.linux.fuse.FuseRequest;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * What is done with a file of the host that is known by a place: a descriptor that was opened as a place only, so that nothing was asked
 * of the file and it cannot become another one.
 *
 * <p>The kernel has checked the client by owner and mode, so all this is done as the daemon itself, as the reference does.
 */
public final class PlaceFiles {
    private static final int ACCESS_MASK = 3;

    private PlaceFiles() {}

    /**
     * Opens a regular file.
     *
     * @param flags how, of which only reading and writing counts: the kernel itself cuts, appends and syncs
     */
    public static Descriptor open(Descriptor place, int flags) throws ErrnoException {
        int mode = place.status().mode();
        if (!Mode.isRegular(mode)) {
            throw new ErrnoException("open", Mode.isDirectory(mode) ? Errno.EISDIR : Errno.EINVAL);
        }
        return place.reopen(flags & ACCESS_MASK | OpenFlags.NON_BLOCKING);
    }

    /** Fills in attributes, but for the inode number. */
    public static FuseAttributes fill(FileStatus status, FuseAttributes attributes) {
        return attributes
                .size(status.size())
                .blocks(status.blocks())
                .mode(status.mode())
                .links((int) Math.min(status.nlink(), Integer.MAX_VALUE))
                .owner(status.uid(), status.gid())
                .device((int) status.rdev())
                .atime(status.atimeSeconds(), status.atimeNanos())
                .mtime(status.mtimeSeconds(), status.mtimeNanos())
                .ctime(status.ctimeSeconds(), status.ctimeNanos());
    }

    /** Answers a READ from an open file. */
    public static void read(Descriptor file, long offset, long size, FuseReply reply) throws ErrnoException {
        MemorySegment buffer = reply.buffer();
        int length = (int) Math.min(size, buffer.byteSize());
        int done = 0;
        while (done < length) {
            long n = file.readAt(offset + done, buffer.asSlice(done, (long) length - done));
            if (n < 0) {
                break;
            }
            done += (int) n;
        }
        reply.sendBuffer(done);
    }

    /** Changes attributes: mode, owner, length, times, in the order of the reference. */
    public static void change(Descriptor place, FuseAttributeChange change, OpenFiles files) throws IOException {
        if (change.has(FuseAttributeChange.MODE)) {
            place.changeModeOfPlace(change.mode() & Mode.PERMISSION_MASK);
        }
        if (change.has(FuseAttributeChange.UID | FuseAttributeChange.GID)) {
            place.changeOwner(
                    change.has(FuseAttributeChange.UID) ? change.uid() : -1,
                    change.has(FuseAttributeChange.GID) ? change.gid() : -1);
        }
        if (change.has(FuseAttributeChange.SIZE)) {
            long handle = change.has(FuseAttributeChange.HANDLE) ? change.handle() : 0;
            files.use(handle, place, OpenFlags.WRITE_ONLY, file -> {
                file.truncate(change.size());
                return true;
            });
        }
        if (change.has(FuseAttributeChange.ATIME | FuseAttributeChange.MTIME)) {
            PosixFiles.changeTimes(
                    place,
                    change.atimeSeconds(),
                    nanos(change, FuseAttributeChange.ATIME, FuseAttributeChange.ATIME_NOW, change.atimeNanos()),
                    change.mtimeSeconds(),
                    nanos(change, FuseAttributeChange.MTIME, FuseAttributeChange.MTIME_NOW, change.mtimeNanos()));
        }
    }

    private static int nanos(FuseAttributeChange change, int given, int now, int nanos) {
        if (!change.has(given)) {
            return PosixFiles.TIME_KEPT;
        }
        return change.has(now) ? PosixFiles.TIME_NOW : nanos;
    }

    /** Answers a GETXATTR. */
    public static void getXattr(Descriptor place, FuseRequest request, FuseReply reply) throws ErrnoException {
        Optional<byte[]> value = Xattrs.get(place, request.copyName());
        if (value.isPresent()) {
            reply.xattr(request.size(), value.get());
        } else {
            reply.error(Errno.ENODATA);
        }
    }

    /** Waits until an open file or directory is on the disk, as FSYNC and FSYNCDIR ask. */
    public static void sync(Descriptor file, FuseRequest request) throws ErrnoException {
        if (request.isDataOnly()) {
            file.syncData();
        } else {
            file.sync();
        }
    }
}
