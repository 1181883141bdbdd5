package io.nydus4j.build.stargz;

import io.nydus4j.blob.Digest;
import io.nydus4j.blob.RafsFormatException;
import java.util.Map;
import java.util.Optional;

/**
 * An entry of a table of contents, as it was read: a name with its attributes, or more data of a file. Mirrors {@code TocEntry} of the
 * reference. What is left out has the value of its Java type that means nothing: zero, or no text.
 *
 * @param label       position and name
 * @param typeText    type as the table spells it
 * @param size        length of a file, in bytes, unsigned
 * @param linkName    target of a symbolic link, or path that a hard link shares
 * @param mode        permissions, perhaps with type bits
 * @param uid         owner
 * @param gid         group
 * @param userName    name of the owner
 * @param groupName   name of the group
 * @param offset      where the compressed data starts in the layer, in bytes, unsigned
 * @param deviceMajor major device number
 * @param deviceMinor minor device number
 * @param xattrs      values in base64
 * @param digest      digest of the whole file
 * @param chunkOffset where this chunk starts in its file, in bytes, unsigned
 * @param chunkSize   length of this chunk, in bytes, unsigned; 0 for all up to the end of the file
 * @param chunkDigest digest of this chunk
 * @param innerOffset where the data starts in what is decompressed from {@code offset}
 * @param chunkType   how this chunk is stored, where that is not as usual
 */
record StargzEntry(
        EntryLabel label,
        String typeText,
        long size,
        String linkName,
        int mode,
        int uid,
        int gid,
        String userName,
        String groupName,
        long offset,
        long deviceMajor,
        long deviceMinor,
        Map<String, String> xattrs,
        String digest,
        long chunkOffset,
        long chunkSize,
        String chunkDigest,
        long innerOffset,
        String chunkType) {
    private static final String SHA256 = "sha256:";
    private static final int DIGEST_TEXT = SHA256.length() + 2 * Digest.SIZE;
    private static final int PERMISSIONS = 0xFFF;
    private static final int NO_DEVICE = -1;

    /** Returns what the entry stands for; empty if its type is not known. */
    Optional<StargzType> type() {
        return StargzType.ofText(typeText);
    }

    /** Returns type and permissions of the inode; stray type bits of the table are dropped. */
    int fileMode(StargzType type) {
        return mode & PERMISSIONS | type.fileType();
    }

    /** Returns the device number as Linux has it, in 32 bits; all ones where there is none. */
    int rdev(StargzType type) {
        if (!type.isSpecial()) {
            return NO_DEVICE;
        }
        long number = (deviceMajor & 0xFFFF_F000L) << 32
                | (deviceMajor & 0xFFF) << 8
                | (deviceMinor & 0xFFFF_FF00L) << 12
                | deviceMinor & 0xFF;
        return (int) number;
    }

    /**
     * Returns the digest of the chunk's bytes; empty if the table does not tell.
     *
     * @throws RafsFormatException if it is not a SHA-256
     */
    Optional<Digest> contentDigest() throws RafsFormatException {
        if (chunkDigest.isEmpty()) {
            return Optional.empty();
        }
        if (chunkDigest.length() != DIGEST_TEXT || !chunkDigest.startsWith(SHA256)) {
            throw broken("stargz: invalid chunk digest " + EntryLabel.printable(chunkDigest));
        }
        try {
            return Optional.of(Digest.parse(chunkDigest.substring(SHA256.length())));
        } catch (IllegalArgumentException e) {
            throw (RafsFormatException) broken("stargz: invalid chunk digest " + EntryLabel.printable(chunkDigest))
                    .initCause(e);
        }
    }

    /** Says that this entry breaks a rule. */
    RafsFormatException broken(String problem) {
        return label.broken(problem);
    }

    /** Returns the whole path, spelled as in the archive. */
    String name() {
        return label.name();
    }
}
