package io.nydus4j.rafs.v5;

import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.RafsFormatException;
import java.lang.foreign.MemorySegment;

/**
 * Recomputes the digests of a bootstrap's inodes.
 *
 * <p>A directory's digest covers those stored for its children, so looking at each inode once covers the tree. Special files are
 * covered by their directory alone, as in the reference. One use, one thread.
 */
final class V5DigestCheck {
    private final V5Bootstrap bootstrap;
    private final InodeDigester digester;
    /** How many chunk records may still come; more than fit in the file means that records overlap to waste time. */
    private long chunksLeft;

    V5DigestCheck(V5Bootstrap bootstrap) {
        this.bootstrap = bootstrap;
        this.digester = new InodeDigester(bootstrap.superblock().flags().digestAlgorithm());
        this.chunksLeft = bootstrap.file().byteSize() / ChunkRecord.SIZE;
    }

    void run() throws RafsFormatException {
        for (int index = 1; index <= bootstrap.inodeTable().entries(); index++) {
            check(bootstrap.inode(index));
        }
    }

    private void check(V5InodeView inode) throws RafsFormatException {
        if (inode.isDirectory()) {
            addChildren(inode);
        } else if (inode.isRegular()) {
            addChunks(inode);
        } else if (inode.isSymlink()) {
            digester.addTarget(inode.symlinkSegment());
        } else {
            return;
        }
        Digest found = digester.finish();
        Digest stored = inode.digest();
        if (!found.equals(stored)) {
            throw new RafsFormatException(
                    "inode " + inode.index(),
                    inode.recordOffset(),
                    "invalid inode digest: expected " + stored + ", found " + found);
        }
    }

    private void addChildren(V5InodeView directory) throws RafsFormatException {
        MemorySegment file = bootstrap.file();
        for (int i = 0; i < directory.childCount(); i++) {
            digester.add(file, directory.childAt(i).recordOffset());
        }
    }

    private void addChunks(V5InodeView regular) throws RafsFormatException {
        int count = regular.chunkCount();
        chunksLeft -= count;
        if (chunksLeft < 0) {
            throw new RafsFormatException(
                    "inode " + regular.index(), regular.recordOffset(), "its chunk records overlap others");
        }
        MemorySegment file = bootstrap.file();
        for (int i = 0; i < count; i++) {
            digester.add(file, regular.chunkRecordOffset(i));
        }
    }
}
