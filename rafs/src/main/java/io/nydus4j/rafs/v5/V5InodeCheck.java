package io.nydus4j.rafs.v5;

import io.nydus4j.blob.RafsFormatException;

/**
 * What is checked of every inode when all of them are loaded at once, beyond what opening one checks. Mirrors the reference's cached
 * mode, except that blocks may count xattrs, as every writer makes them.
 */
final class V5InodeCheck {
    private static final int MAX_NAME_SIZE = 255;
    private static final int BLOCK = 512;

    private V5InodeCheck() {}

    static void check(V5InodeView inode, int chunkSize) throws RafsFormatException {
        if (inode.nameSize() > MAX_NAME_SIZE) {
            throw broken(inode, "expected a name of at most " + MAX_NAME_SIZE + " bytes, found " + inode.nameSize());
        }
        inode.name();
        if (inode.isRegular()) {
            checkRegular(inode, chunkSize);
        }
    }

    private static void checkRegular(V5InodeView inode, int chunkSize) throws RafsFormatException {
        long chunks = ceilingDivide(inode.size(), chunkSize);
        if (!inode.hasHoles() && inode.chunkCount() != chunks) {
            throw broken(inode, "expected " + chunks + " chunks, found " + inode.chunkCount());
        }
        long blocks = ceilingDivide(inode.size(), BLOCK);
        long withXattrs = ceilingDivide(inode.size() + V5Format.align(inode.xattrSize()), BLOCK);
        if (inode.blocks() != 0 && inode.blocks() != blocks && inode.blocks() != withXattrs) {
            throw broken(
                    inode,
                    "expected " + blocks + " or " + withXattrs + " blocks, found "
                            + Long.toUnsignedString(inode.blocks()));
        }
    }

    private static long ceilingDivide(long size, int unit) {
        return size / unit + (size % unit == 0 ? 0 : 1);
    }

    private static RafsFormatException broken(V5InodeView inode, String problem) {
        return new RafsFormatException("inode " + inode.index(), inode.recordOffset(), problem);
    }
}
