package io.nydus4j.rafs;

import io.nydus4j.blob.RafsFormatException;

/** Opens many inodes of an image, one after the other. */
@FunctionalInterface
public interface InodeReader {
    /**
     * Returns the inode with this number, see {@link Bootstrap#inode}. It may be good only until this is called again.
     *
     * @throws RafsFormatException if there is no such inode, or its fields are broken
     */
    Inode inode(long ino) throws RafsFormatException;
}
