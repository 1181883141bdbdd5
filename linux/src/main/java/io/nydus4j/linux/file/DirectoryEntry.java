package io.nydus4j.linux.file;

/**
 * One name in a directory.
 *
 * @param name the raw bytes, 1 to 255, without {@code '/'} and NUL; not to be changed
 * @param type the type's bits of the mode, see {@link Mode#TYPE_MASK}, or 0 where the file system does not say
 * @param ino  inode number, unsigned
 * @param next where {@link DirectoryListing#visitFrom} goes on after this entry; opaque
 */
@SuppressWarnings("ArrayRecordComponent") // compared nowhere; a copy per name would be waste
public record DirectoryEntry(byte[] name, int type, long ino, long next) {}
