package io.nydus4j.rafs.v6;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.FileWindow;
import io.nydus4j.rafs.InodeReader;
import java.util.Arrays;

/** Opens inodes one after the other and lends each the same memory. Not safe for use by several threads. */
final class V6InodeReader implements InodeReader {
    private final V6Bootstrap image;
    private final FileWindow window;
    private final byte[] inode = new byte[V6Inode.EXTENDED_SIZE];
    private final FileWindow blocks;
    private final FileWindow chunkRecords;

    V6InodeReader(V6Bootstrap image) {
        this.image = image;
        this.window = new FileWindow(image.file());
        this.blocks = new FileWindow(image.file(), 1);
        this.chunkRecords = image.chunks().window();
    }

    @Override
    public V6InodeView inode(long ino) throws RafsFormatException {
        return image.inode(ino, this);
    }

    /**
     * Copies an inode as {@link V6Inode#read} does; good until this is called again.
     *
     * @param offset start of the inode, of which at least the compact form lies in the file
     */
    byte[] inodeAt(long offset) {
        int size = (int) Math.min(V6Inode.EXTENDED_SIZE, image.file().byteSize() - offset);
        int start = window.at(offset, size);
        System.arraycopy(window.bytes(), start, inode, 0, size);
        Arrays.fill(inode, size, inode.length, (byte) 0);
        return inode;
    }

    /** Returns what shows the parts of the file where inodes are. */
    FileWindow window() {
        return window;
    }

    /** Returns what shows blocks of directories, one at a time. */
    FileWindow blocks() {
        return blocks;
    }

    /** Returns what shows records of the chunk table. */
    FileWindow chunkRecords() {
        return chunkRecords;
    }
}
