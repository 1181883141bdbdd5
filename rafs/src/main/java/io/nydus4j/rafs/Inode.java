package io.nydus4j.rafs;

import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.RafsFormatException;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A view of one inode of a mapped bootstrap: attributes, xattrs, directory entries, chunks.
 *
 * <p>A view is immutable and safe for use by several threads; it keeps its place and a copy of the inode's fixed part, and reads all
 * else from the mapping at each call. It is valid as long as its {@link Bootstrap} is open. The attribute accessors and the {@code chunkXxx} accessors allocate nothing.
 * Names, link targets and xattrs are bytes as stored, never text.
 *
 * <p>Opening a view checks the inode's own fields; what hangs off it (xattrs, entries, chunks) is checked when it is read, hence
 * the {@link RafsFormatException} on those accessors.
 */
public interface Inode {
    /** Returns the inode number: v5's own, v6's nid. It is the same for all names of a hard-linked file. */
    long ino();

    /** Returns type and permissions as {@code stat(2)} has them. */
    int mode();

    int uid();

    int gid();

    /** Returns the project id; 0 for v6. */
    int projectId();

    /** Returns the number of names, unsigned. */
    int linkCount();

    /** Returns the length in bytes: of content, directory or link target. */
    long size();

    /** Returns the number of 512-byte units: as stored for v5, from the size for v6. */
    long blocks();

    /** Returns the device number in Linux' 32-bit encoding; meaningful for devices. */
    int rdev();

    /** Returns the time of last modification, in seconds since 1970. */
    long mtimeSeconds();

    /** Returns the part of the time of last modification below a second, in nanoseconds. */
    int mtimeNanos();

    default boolean isDirectory() {
        return FileMode.isDirectory(mode());
    }

    default boolean isRegular() {
        return FileMode.isRegular(mode());
    }

    default boolean isSymlink() {
        return FileMode.isSymlink(mode());
    }

    /** Tells whether this is a regular file with more than one name. */
    default boolean isHardLink() {
        return isRegular() && Integer.compareUnsigned(linkCount(), 1) > 0;
    }

    /** Returns v5's digest of the inode as stored; zero for v6. */
    default Digest digest() {
        return Digest.ZERO;
    }

    /** Tells whether v5's HARDLINK flag is stored, which says where the image came from and not how many names the file has. */
    default boolean hardLinkFlag() {
        return false;
    }

    /** Tells whether the inode has an xattr area, which costs no look-up. */
    boolean hasXattrs();

    /**
     * Returns the value of an xattr, or null if there is none of that name.
     *
     * @param name full name with its prefix, such as {@code user.key}
     */
    byte @Nullable [] xattr(byte[] name) throws RafsFormatException;

    /** Returns the full names of all xattrs, in stored order. */
    List<byte[]> xattrNames() throws RafsFormatException;

    /**
     * Passes full name and value of each xattr, in stored order; cheaper than looking each up.
     *
     * @throws RafsFormatException if the xattrs are broken
     */
    default void forEachXattr(BiConsumer<byte[], byte[]> consumer) throws RafsFormatException {
        for (byte[] name : xattrNames()) {
            byte[] value = xattr(name);
            if (value != null) {
                consumer.accept(name, value);
            }
        }
    }

    /**
     * Returns the target of a symbolic link.
     *
     * @throws RafsFormatException if the target does not lie in the bootstrap, or this is no symbolic link
     */
    byte[] symlinkTarget() throws RafsFormatException;

    /**
     * Tells whether the target of a symbolic link lies where a kernel's EROFS looks for it. The reference puts some long ones of images of
     * tar files elsewhere.
     *
     * @throws RafsFormatException as {@link #symlinkTarget} does
     */
    default boolean isTargetInPlace() throws RafsFormatException {
        return true;
    }

    /**
     * Returns the number of children of a directory, {@code .} and {@code ..} left out; 0 for other types.
     *
     * @throws RafsFormatException if the entries cannot be read
     */
    int childCount() throws RafsFormatException;

    /** Returns the number of a directory's first child for v5; 0 for v6 and other types. */
    default int childIndex() {
        return 0;
    }

    /**
     * Returns the child with this name, or null if there is none. For v6 {@code .} and {@code ..} are found, for v5 they are not.
     *
     * @throws RafsFormatException if the entries or the child are broken
     */
    @Nullable
    Inode child(byte[] name) throws RafsFormatException;

    /**
     * Visits the entries of a directory, {@code .} and {@code ..} included, from a position on.
     *
     * @param startOffset 0 for all, else the {@code nextOffset} of the last entry seen
     * @throws RafsFormatException if the entries are broken or this is no directory
     */
    void walk(long startOffset, DirectoryVisitor visitor) throws RafsFormatException;

    /** Returns the number of chunks of a regular file; 0 for other types. */
    int chunkCount();

    /**
     * Tells whether chunks may be missing where a regular file has zeros. Only v5 knows that, and no writer of today makes it; in all
     * other files chunk {@code i} starts at {@code i} times the chunk size and the chunks cover the file.
     */
    default boolean hasHoles() {
        return false;
    }

    /**
     * Returns the whole record of a chunk, from the inode (v5) or through the chunk table (v6).
     *
     * @param position from 0 to {@link #chunkCount()} - 1
     * @throws RafsFormatException if there is no such record or it is broken
     */
    ChunkRecord chunk(int position) throws RafsFormatException;

    /**
     * Returns the record that the image names for a chunk, as it stands there: of another length than the chunk's, where a writer took
     * one blob for another. It is to be shown; whoever reads data takes {@link #chunk}, which refuses such a record.
     *
     * @param position from 0 to {@link #chunkCount()} - 1
     * @throws RafsFormatException if there is no such record, or it is broken in itself
     */
    default ChunkRecord recordedChunk(int position) throws RafsFormatException {
        return chunk(position);
    }

    /** Returns the blob index of a chunk. Checked against the blob table. */
    int chunkBlobIndex(int position) throws RafsFormatException;

    /** Returns where a chunk starts in its blob's uncompressed address space, in bytes. Checked against the blob's size. */
    long chunkBlobOffset(int position) throws RafsFormatException;

    /** Returns where a chunk starts in the file, in bytes: {@code position} times the image's chunk size, if it has no holes. */
    long chunkFileOffset(int position);

    /** Returns the plain length of a chunk, in bytes. */
    int chunkLength(int position) throws RafsFormatException;
}
