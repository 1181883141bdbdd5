package io.nydus4j.rafs;

import io.nydus4j.blob.RafsFormatException;

/** Takes the entries of a directory one by one. */
@FunctionalInterface
public interface DirectoryVisitor {
    /**
     * Takes an entry.
     *
     * @param name       as stored; {@code .} and {@code ..} come too
     * @param ino        inode number of the entry, to be opened by {@link Bootstrap#inode(long)}
     * @param type       type bits of the mode ({@link FileMode}), 0 if the format does not tell
     * @param nextOffset where to go on after this entry
     * @return whether to go on
     */
    boolean entry(byte[] name, long ino, int type, long nextOffset) throws RafsFormatException;
}
