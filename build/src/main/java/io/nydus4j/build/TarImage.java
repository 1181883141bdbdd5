package io.nydus4j.build;

import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.build.read.ChunkReader;
import io.nydus4j.build.tar.TarEntry;
import io.nydus4j.build.tar.TarType;
import io.nydus4j.build.tar.TarWriter;
import io.nydus4j.linux.file.DeviceNumbers;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.FileMode;
import io.nydus4j.rafs.Inode;
import io.nydus4j.rafs.tree.Xattr;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;

/**
 * Makes the members of a tar archive from the inodes of an image. The root and sockets, which archives do not hold, are left out; all names
 * but the first of a file are hard links. Not safe for use by several threads.
 */
final class TarImage {
    private static final byte[] NOTHING = {};
    private static final int ZEROS = 1 << 16;

    private final ChunkReader chunks;
    private final TarWriter tar;
    private final LongConsumer progress;
    private final int chunkSize;
    private final OwnerNames users = OwnerNames.users();
    private final OwnerNames groups = OwnerNames.groups();
    private final MemorySegment zeros = MemorySegment.ofArray(new byte[ZEROS]).asReadOnly();
    /** First path of each file with several names, by inode number. */
    private final Map<Long, byte[]> firstPaths = new HashMap<>();

    private long done;

    TarImage(Bootstrap image, ChunkReader chunks, TarWriter.Sink sink, LongConsumer progress) {
        this.chunks = chunks;
        this.tar = new TarWriter(sink);
        this.progress = progress;
        this.chunkSize = image.superblock().chunkSize();
    }

    /**
     * Adds an inode.
     *
     * @param path absolute path in the image
     * @throws IOException if the inode or its data is broken, or the archive cannot be written
     */
    void add(Inode inode, byte[] path) throws IOException {
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
        List<Xattr> xattrs = new ArrayList<>();
        for (byte[] key : inode.xattrNames()) {
            byte[] value = inode.xattr(key);
            xattrs.add(new Xattr(key, value == null ? NOTHING : value));
        }
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
                xattrs);
    }

    private void writeData(Inode inode) throws IOException {
        long position = 0;
        int count = inode.chunkCount();
        for (int i = 0; i < count; i++) {
            ChunkRecord chunk = inode.chunk(i);
            long start = inode.chunkFileOffset(i);
            if (start < position || start > position && !inode.hasHoles() || start >= inode.size()) {
                throw new RafsFormatException(
                        "inode " + inode.ino(), -1, "chunk " + i + " is not at " + position + " but at " + start);
            }
            writeZeros(start - position);
            MemorySegment bytes = chunks.read(chunk);
            long length = Math.min(bytes.byteSize(), Math.min(inode.size() - start, chunkSize));
            write(bytes.asSlice(0, length));
            position = start + length;
        }
        if (position < inode.size() && !inode.hasHoles()) {
            throw new RafsFormatException(
                    "inode " + inode.ino(), -1, "has " + position + " bytes in chunks, wanted " + inode.size());
        }
        writeZeros(inode.size() - position);
    }

    private void writeZeros(long count) throws IOException {
        for (long left = count; left > 0; left -= ZEROS) {
            write(zeros.asSlice(0, Math.min(ZEROS, left)));
        }
    }

    private void write(MemorySegment bytes) throws IOException {
        tar.data(bytes);
        done += bytes.byteSize();
        progress.accept(done);
    }

    void finish() throws IOException {
        tar.finish();
    }
}
