package io.nydus4j.rafs;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkFlags;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.RafsFormatException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.StringJoiner;
import java.util.function.Consumer;

/**
 * Lists an image as text, a line for each name, chunk and blob. Mirrors what {@code nydus-image check} of the reference prints.
 *
 * <p>To list is to check: all that the lines tell is read and so must be sound.
 */
public final class BootstrapListing {
    private static final int[] FEATURES = {
        BlobFeatures.ALIGNED,
        BlobFeatures.BATCH,
        BlobFeatures.CAP_TAR_TOC,
        BlobFeatures.INLINED_CHUNK_DIGEST,
        BlobFeatures.CHUNK_INFO_V2,
        BlobFeatures.INLINED_FS_META,
        BlobFeatures.SEPARATE,
        BlobFeatures.HAS_TAR_HEADER,
        BlobFeatures.HAS_TOC,
        BlobFeatures.ZRAN,
        BlobFeatures.ENCRYPTED,
        BlobFeatures.IS_CHUNKDICT_GENERATED
    };
    private static final String[] FEATURE_WORDS = {
        "aligned",
        "batch",
        "cap_toc",
        "chunk-digest",
        "chunk-v2",
        "fs-meta",
        "separate",
        "tar-header",
        "toc",
        "zran",
        "encrypted",
        "is-chunkdict-generated"
    };

    private final Bootstrap bootstrap;
    private final boolean v5;

    /** Prepares to list {@code bootstrap}, which stays open as long as this is used. */
    public BootstrapListing(Bootstrap bootstrap) {
        this.bootstrap = bootstrap;
        this.v5 = bootstrap.superblock().version() == RafsVersion.V5;
    }

    /**
     * Lists all names with their chunks.
     *
     * @param lines takes each line, without its end
     * @throws RafsFormatException if the image is broken; the lines before have been passed then
     */
    public void inodes(Consumer<String> lines) throws RafsFormatException {
        BootstrapWalk.preOrderLending(bootstrap, (inode, walk) -> {
            lines.accept(inodeLine(inode, walk));
            for (int i = 0; i < inode.chunkCount(); i++) {
                lines.accept(chunkLine(inode.recordedChunk(i)));
            }
        });
    }

    /**
     * Reads everything that {@link #inodes} tells, and the xattrs, without making text of it.
     *
     * @return how many chunks have a record of another length, so that their files cannot be read
     * @throws RafsFormatException if the image is broken
     */
    public long check() throws RafsFormatException {
        long[] mistaken = {0};
        Set<Long> links = new HashSet<>();
        BootstrapWalk.preOrderLending(bootstrap, (inode, walk) -> {
            if (inode.isHardLink() && !links.add(inode.ino())) {
                return;
            }
            if (inode.isSymlink()) {
                walk.spend(inode.symlinkTarget().length);
            }
            walk.spend((long) inode.xattrNames().size() * BootstrapWalk.LEAST_XATTR_COST);
            walk.spend((long) inode.chunkCount() * BootstrapWalk.LEAST_CHUNK_COST);
            for (int i = 0; i < inode.chunkCount(); i++) {
                if (inode.recordedChunk(i).uncompressedSize() != inode.chunkLength(i)) {
                    mistaken[0]++;
                }
            }
        });
        return mistaken[0];
    }

    /** Lists the blobs below a line that says that the image is valid. */
    public void blobs(Consumer<String> lines) {
        blobs(bootstrap.blobs(), lines);
    }

    /** Lists {@code blobs} as {@link #blobs(Consumer)} does, for those who keep the blobs and not the bootstrap. */
    public static void blobs(List<BlobInfo> blobs, Consumer<String> lines) {
        lines.accept("RAFS filesystem metadata is valid, referenced data blobs: ");
        for (BlobInfo blob : blobs) {
            StringJoiner features = new StringJoiner(" ");
            for (int i = 0; i < FEATURES.length; i++) {
                if (blob.features().has(FEATURES[i])) {
                    features.add(FEATURE_WORDS[i]);
                }
            }
            lines.accept("\t " + blob.index() + ": " + blob.effectiveId() + ", compressed size " + blob.compressedSize()
                    + ", uncompressed size " + blob.uncompressedSize() + ", chunk size: "
                    + Integer.toUnsignedString(blob.chunkSize()) + ", chunk count: " + blob.chunkCount()
                    + ", features: " + features);
        }
    }

    private String inodeLine(Inode inode, BootstrapWalk walk) throws RafsFormatException {
        byte[] target = inode.isSymlink() ? inode.symlinkTarget() : null;
        return "inode: " + kind(inode) + " " + QuotedName.of(walk.path()) + ": index 0 ino " + inode.ino()
                + " real_ino "
                + inode.ino() + " child_index " + Integer.toUnsignedString(inode.childIndex()) + " child_count "
                + childCount(inode) + " i_nlink " + Integer.toUnsignedString(inode.linkCount()) + " i_size "
                + inode.size() + " i_blocks " + inode.blocks() + " i_name_size " + walk.name().length
                + " i_symlink_size " + symlinkSize(inode) + " has_xattr " + inode.hasXattrs() + " link "
                + (target == null ? "None" : "Some(" + QuotedName.of(target) + ")") + " i_mtime "
                + Long.toUnsignedString(inode.mtimeSeconds()) + " i_mtime_nsec "
                + Integer.toUnsignedString(inode.mtimeNanos());
    }

    private static String kind(Inode inode) {
        if (inode.isSymlink()) {
            return "symlink";
        }
        if (inode.isDirectory()) {
            return "dir";
        }
        if (inode.isHardLink()) {
            return "hardlink";
        }
        return inode.isRegular() ? "file" : "";
    }

    /** The number of entries of a directory and of chunks of a file; v6 pretends chunks for all else that has a size. */
    private long childCount(Inode inode) throws RafsFormatException {
        if (inode.isDirectory()) {
            return inode.childCount();
        }
        return v5
                ? inode.chunkCount()
                : Math.ceilDiv(inode.size(), bootstrap.superblock().chunkSize());
    }

    private long symlinkSize(Inode inode) {
        if (v5) {
            return inode.isSymlink() ? inode.size() : 0;
        }
        return inode.size() & 0xFFFF;
    }

    private static String chunkLine(ChunkRecord chunk) {
        String line = "\t chunk: id " + chunk.digest() + ", index " + Integer.toUnsignedString(chunk.index())
                + ", blob_index " + Integer.toUnsignedString(chunk.blobIndex()) + ", file_offset "
                + Long.toUnsignedString(chunk.fileOffset()) + ", compressed "
                + Long.toUnsignedString(chunk.compressedOffset()) + "/"
                + Integer.toUnsignedString(chunk.compressedSize()) + ", uncompressed "
                + Long.toUnsignedString(chunk.uncompressedOffset()) + "/"
                + Integer.toUnsignedString(chunk.uncompressedSize());
        return chunk.has(ChunkFlags.HAS_CRC32) ? line + ", crc32 0x" + Integer.toHexString(chunk.crc32()) : line;
    }
}
