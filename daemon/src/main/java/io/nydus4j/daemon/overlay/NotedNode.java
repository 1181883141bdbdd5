package io.nydus4j.daemon.overlay;

import io.nydus4j.daemon.vfs.NodeJournal;
import io.nydus4j.linux.file.FileHandle;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * What a successor is told of a node of an overlay: type 4, lower inode 8, parent 8, whether it is gone 1, length of the name 2, the
 * name, and the handle if it is in the upper directory.
 *
 * @param number by which the kernel calls it
 * @param type   type bits of its mode
 * @param lower  as {@link OverlayNode#lower}
 * @param parent number of the directory of the image that it is in, {@link #NO_PARENT} where it has no lower inode
 * @param name   its name there
 * @param gone   whether it has no name any more
 * @param upper  by which the upper directory's file system finds it, if it is there
 */
@SuppressWarnings("ArrayRecordComponent") // compared nowhere
record NotedNode(long number, int type, long lower, long parent, byte[] name, boolean gone, Optional<FileHandle> upper)
        implements NodeJournal.Noted {
    static final long NO_PARENT = 0;

    private static final int FIXED_SIZE = Integer.BYTES + 2 * Long.BYTES + 1 + Short.BYTES;

    static NotedNode read(long number, ByteBuffer bytes) {
        int type = bytes.getInt();
        long lower = bytes.getLong();
        long parent = bytes.getLong();
        boolean gone = bytes.get() != 0;
        byte[] name = new byte[Math.min(Short.toUnsignedInt(bytes.getShort()), bytes.remaining())];
        bytes.get(name);
        Optional<FileHandle> upper = bytes.hasRemaining() ? Optional.of(FileHandle.read(bytes)) : Optional.empty();
        return new NotedNode(number, type, lower, parent, name, gone, upper);
    }

    @Override
    public Object key() {
        return number;
    }

    @Override
    public byte[] bytes() {
        int handle = upper.map(FileHandle::encodedLength).orElse(0);
        ByteBuffer bytes = ByteBuffer.allocate(FIXED_SIZE + name.length + handle)
                .putInt(type)
                .putLong(lower)
                .putLong(parent)
                .put((byte) (gone ? 1 : 0))
                .putShort((short) name.length)
                .put(name);
        upper.ifPresent(present -> present.write(bytes));
        return bytes.array();
    }
}
