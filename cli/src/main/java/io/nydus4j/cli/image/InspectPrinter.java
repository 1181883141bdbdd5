package io.nydus4j.cli.image;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.CipherAlgorithm;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.Inode;
import io.nydus4j.rafs.QuotedName;
import io.nydus4j.rafs.Superblock;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * Prints the structures of an image for {@code nydus-image inspect}, as text or as JSON, in the reference's form.
 *
 * <p>Not safe for use by several threads.
 */
final class InspectPrinter {
    private final Bootstrap bootstrap;
    private final PrintStream out;

    /** A name in the tree with its inode and the number of the directory that holds it. */
    record Place(byte[] name, Inode inode, long parentIno) {}

    InspectPrinter(Bootstrap bootstrap, PrintStream out) {
        this.bootstrap = bootstrap;
        this.out = out;
    }

    /** Prints what the superblock says. */
    void stats(boolean json) {
        Superblock superblock = bootstrap.superblock();
        if (json) {
            out.print("{\"inodes_count\":" + superblock.inodesCount() + "}");
            return;
        }
        out.printf(
                """

                    Version:                %s
                    Inodes Count:           %d
                    Chunk Size:             %dKB
                    Root Inode:             %d
                    Flags:                  %s
                    Blob table offset:      0x%x
                    Blob table size:        0x%x
                    Prefetch table offset:  0x%x
                    Prefetch table entries: 0x%x
                    Chunk table offset:     0x%x
                    Chunk table size:       0x%x
                   \s
                """,
                superblock.version().text(),
                superblock.inodesCount(),
                superblock.chunkSize() / 1024,
                bootstrap.rootIno(),
                superblock.flags(),
                superblock.blobTableOffset(),
                superblock.blobTableSize(),
                superblock.prefetchTableOffset(),
                superblock.prefetchTableEntries(),
                superblock.chunkTableOffset(),
                superblock.chunkTableSize());
    }

    /** Prints an inode without its chunks. */
    void inode(Place place) {
        Inode inode = place.inode();
        out.printf(
                """

                Inode Number:       %d
                Name:               %s
                Size:               %s
                Parent:             %d
                Mode:               0x%X
                Permissions:        %o
                Nlink:              %s
                UID:                %s
                GID:                %s
                Mtime:              %s
                MtimeNsec:          %s
                Blocks:             %s
                """,
                inode.ino(),
                QuotedName.of(place.name()),
                Long.toUnsignedString(inode.size()),
                place.parentIno(),
                inode.mode(),
                inode.mode(),
                Integer.toUnsignedString(inode.linkCount()),
                Integer.toUnsignedString(inode.uid()),
                Integer.toUnsignedString(inode.gid()),
                Long.toUnsignedString(inode.mtimeSeconds()),
                Integer.toUnsignedString(inode.mtimeNanos()),
                Long.toUnsignedString(inode.blocks()));
    }

    /** Prints the chunks of a file with their offsets in it. */
    void chunks(Inode inode) throws RafsFormatException {
        out.println("  Chunk list:");
        long chunkSize = bootstrap.superblock().chunkSize();
        for (int i = 0; i < inode.chunkCount(); i++) {
            ChunkRecord chunk = inode.chunk(i);
            out.printf(
                    """
                            %d ->
                            file offset: %d, chunk index: %s
                            compressed size: %s, decompressed size: %s
                            compressed offset: %d, decompressed offset: %d
                            blob id: %s
                            chunk id: %s
                       \s
                    """,
                    i,
                    i * chunkSize,
                    Integer.toUnsignedString(chunk.index()),
                    Integer.toUnsignedString(chunk.compressedSize()),
                    Integer.toUnsignedString(chunk.uncompressedSize()),
                    chunk.compressedOffset(),
                    chunk.uncompressedOffset(),
                    blobId(chunk),
                    chunk.digest());
        }
    }

    /** Prints a chunk of the stored data with one of the files that use it. */
    void chunk(Place place, String parent, ChunkRecord chunk) {
        out.printf(
                """

                File: %-32s Parent Path: %-32s
                Compressed Offset: %d, Compressed Size: %s
                Decompressed Offset: %d, Decompressed Size: %s
                Chunk ID: %-50s,
                Blob ID: %s

                """,
                new String(place.name(), StandardCharsets.UTF_8),
                parent,
                chunk.compressedOffset(),
                Integer.toUnsignedString(chunk.compressedSize()),
                chunk.uncompressedOffset(),
                Integer.toUnsignedString(chunk.uncompressedSize()),
                chunk.digest(),
                blobId(chunk));
    }

    /** Prints the blob table. */
    void blobs(boolean json) {
        if (json) {
            StringBuilder text = new StringBuilder("[");
            for (BlobInfo blob : bootstrap.blobs()) {
                text.append(text.length() > 1 ? "," : "")
                        .append("{\"blob_id\":\"%s\",\"compressed_size\":%d,\"decompressed_size\":%d,"
                                .formatted(blob.effectiveId(), blob.compressedSize(), blob.uncompressedSize()))
                        .append("\"readahead_offset\":0,\"readahead_size\":%d}".formatted(blob.prefetchSize()));
            }
            out.print(text.append(']'));
            return;
        }
        int index = 0;
        for (BlobInfo blob : bootstrap.blobs()) {
            blob(index++, blob);
        }
    }

    private void blob(int index, BlobInfo blob) {
        out.printf(
                """

                Blob Index:             %d
                Blob ID:                %s
                Raw Blob ID:            %s
                Blob Size:              %d
                Compressed Data Size:   %d
                Uncompressed Data Size: %d
                Mapped Block Address:   %d
                Features:               %s
                Compressor:             %s
                Digester:               %s
                Cipher:                 %s
                Chunk Size:             0x%x
                Chunk Count:            %d
                Prefetch Table Offset:  0
                Prefetch Table Size:    %d
                Meta Compressor:        %s
                Meta Offset:            %d
                Meta Compressed Size:   %d
                Meta Uncompressed Size: %d
                ToC Digest:             %s
                ToC Size:               %d
                RAFS Blob Digest:       %s
                RAFS Blob Size:         %s
                """,
                index,
                blob.effectiveId(),
                blob.id(),
                blob.compressedSize(),
                blob.compressedDataSize(),
                blob.uncompressedSize(),
                bootstrap.mappedBlockAddress(index),
                blob.features(),
                blob.compression().text(),
                blob.digestAlgorithm().label(),
                cipher(blob.cipher()),
                blob.chunkSize(),
                blob.chunkCount(),
                blob.prefetchSize(),
                blob.chunkInfoCompression().text(),
                blob.chunkInfoOffset(),
                blob.chunkInfoCompressedSize(),
                blob.chunkInfoUncompressedSize(),
                blob.tocDigest(),
                blob.tocSize(),
                blob.metaDigest(),
                Long.toUnsignedString(blob.metaSize()));
    }

    private static String cipher(CipherAlgorithm cipher) {
        return switch (cipher) {
            case NONE -> "None";
            case AES_128_XTS -> "Aes128Xts";
            case AES_256_XTS -> "Aes256Xts";
            case AES_256_GCM -> "Aes256Gcm";
        };
    }

    private String blobId(ChunkRecord chunk) {
        int index = chunk.blobIndex();
        return index >= 0 && index < bootstrap.blobs().size()
                ? bootstrap.blobs().get(index).effectiveId()
                : "(no blob " + Integer.toUnsignedString(index) + ")";
    }
}
