package io.nydus4j.rafs.v5;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.FileWindow;
import io.nydus4j.rafs.InodeReader;

/** Opens inodes one after the other and lends each the same memory. Not safe for use by several threads. */
final class V5InodeReader implements InodeReader {
    private final V5Bootstrap bootstrap;
    private final FileWindow window;
    private final byte[] head = new byte[V5Inode.SIZE];

    V5InodeReader(V5Bootstrap bootstrap) {
        this.bootstrap = bootstrap;
        this.window = new FileWindow(bootstrap.file());
    }

    @Override
    public V5InodeView inode(long ino) throws RafsFormatException {
        return V5InodeView.open(bootstrap, ino, this);
    }

    /** Returns the fixed part of a record that lies in the file; good until this is called again. */
    byte[] head(long record) {
        int start = window.at(record, V5Inode.SIZE);
        System.arraycopy(window.bytes(), start, head, 0, V5Inode.SIZE);
        return head;
    }

    FileWindow window() {
        return window;
    }
}
