package io.nydus4j.daemon.passthrough;

import io.nydus4j.daemon.passthrough.SharedNode.Identity;
import io.nydus4j.daemon.vfs.NodeJournal;
import io.nydus4j.linux.file.FileHandle;
import java.nio.ByteBuffer;

/**
 * What a successor is told of a node of a shared directory: device 8, inode 8, and the handle.
 *
 * @param number   by which the kernel calls it
 * @param identity which inode it is
 * @param handle   by which its file system finds it
 */
record KnownNode(long number, Identity identity, FileHandle handle) implements NodeJournal.Noted {
    static KnownNode read(long number, ByteBuffer bytes) {
        return new KnownNode(number, new Identity(bytes.getLong(), bytes.getLong()), FileHandle.read(bytes));
    }

    @Override
    public Object key() {
        return identity;
    }

    @Override
    public byte[] bytes() {
        ByteBuffer bytes = ByteBuffer.allocate(2 * Long.BYTES + handle.encodedLength());
        bytes.putLong(identity.dev()).putLong(identity.ino());
        handle.write(bytes);
        return bytes.array();
    }
}
