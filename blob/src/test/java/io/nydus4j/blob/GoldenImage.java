package io.nydus4j.blob;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * An image of format version 6 made by the reference, with just enough of its bootstrap read to find blobs and chunks.
 *
 * @param directory where its files are
 * @param blobs     its blob table
 * @param chunks    its chunk table
 */
public record GoldenImage(Path directory, List<BlobInfo> blobs, List<ChunkRecord> chunks) {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int EXTENDED_SUPERBLOCK = 1152;
    private static final int BLOB_SIZE = 256;

    /** Images whose chunks lie in a blob of their own, whatever it has besides. */
    public static final List<String> NATIVE = List.of(
            "v6-zstd-1m",
            "v6-zstd-4k",
            "v6-lz4-4k",
            "v6-none-4k",
            "v6-sha256",
            "v6-toc",
            "v6-inline",
            "v6-batch",
            "v6-encrypt",
            "v6-prefetch-fs",
            "upper-v6");

    /** Images of the tree in {@code full.tar}. */
    public static final List<String> OF_FULL = List.of(
            "v5-inline",
            "v5-lz4-4k",
            "v5-none-sha256",
            "v5-prefetch-blob",
            "v5-prefetch-fs",
            "v5-zstd-aligned",
            "v6-batch",
            "v6-encrypt",
            "v6-inline",
            "v6-lz4-4k",
            "v6-none-4k",
            "v6-overlayfs-whiteouts",
            "v6-prefetch-fs",
            "v6-repeatable",
            "v6-sha256",
            "v6-toc",
            "v6-zstd-1m",
            "v6-zstd-4k");

    /** Images of the tree in {@code tree.tar}. */
    public static final List<String> OF_TREE =
            List.of("plain-v5", "plain-v6", "tar-tarfs", "tar-v5-lz4", "tar-v6-zstd", "targz-ref", "targz-v6-zstd");

    /** Returns the folder of golden images. */
    public static Path root() {
        String property = System.getProperty("nydus4j.testdata");
        if (property != null) {
            Path given = Path.of(property);
            return Files.isDirectory(given.resolve("golden")) ? given.resolve("golden") : given;
        }
        Path here = Path.of("").toAbsolutePath();
        while (here != null && !Files.isDirectory(here.resolve("testdata/golden"))) {
            here = here.getParent();
        }
        if (here == null) {
            throw new IllegalStateException(
                    "testdata/golden is not above " + Path.of("").toAbsolutePath());
        }
        return here.resolve("testdata/golden");
    }

    /** Reads the image called {@code name}. */
    public static GoldenImage read(String name) throws IOException {
        MemorySegment boot = MemorySegment.ofArray(Files.readAllBytes(bootstrap(name)));
        List<BlobInfo> blobs = new ArrayList<>();
        long table = boot.get(LONG, EXTENDED_SUPERBLOCK + 8);
        int tableSize = boot.get(INT, EXTENDED_SUPERBLOCK + 16);
        for (int at = 0; at < tableSize; at += BLOB_SIZE) {
            blobs.add(blob(boot.asSlice(table + at, BLOB_SIZE)));
        }
        List<ChunkRecord> chunks = new ArrayList<>();
        long chunkTable = boot.get(LONG, EXTENDED_SUPERBLOCK + 24);
        long chunkTableSize = boot.get(LONG, EXTENDED_SUPERBLOCK + 32);
        for (long at = 0; at < chunkTableSize; at += ChunkRecord.SIZE) {
            chunks.add(ChunkRecord.read(boot, chunkTable + at));
        }
        return new GoldenImage(root().resolve(name), blobs, chunks);
    }

    /** Returns the file of the bootstrap of the image called {@code name}, of whatever version; extracted if the blob has it within. */
    public static Path bootstrap(String name) throws IOException {
        Path directory = root().resolve(name);
        Path boot = directory.resolve("boot");
        if (Files.exists(boot)) {
            return boot;
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(f -> f.toString().endsWith(".image.boot"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static BlobInfo blob(MemorySegment entry) throws IOException {
        String id = new String(entry.asSlice(0, 64).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.US_ASCII).trim();
        return BlobInfo.builder()
                .id(id)
                .index(entry.get(INT, 64))
                .chunkSize(entry.get(INT, 68))
                .chunkCount(entry.get(INT, 72))
                .compression(Compression.ofCode(entry.get(INT, 76), "blob", 0))
                .digestAlgorithm(DigestAlgorithm.ofCode(entry.get(INT, 80), "blob", 0))
                .features(new BlobFeatures(entry.get(INT, 84)))
                .compressedSize(entry.get(LONG, 88))
                .uncompressedSize(entry.get(LONG, 96))
                .tocSize(entry.get(INT, 104))
                .chunkInfoCompression(Compression.ofCode(entry.get(INT, 108), "blob", 0))
                .chunkInfoOffset(entry.get(LONG, 112))
                .chunkInfoCompressedSize(entry.get(LONG, 120))
                .chunkInfoUncompressedSize(entry.get(LONG, 128))
                .tocDigest(Digest.read(entry, 136))
                .metaDigest(Digest.read(entry, 168))
                .metaSize(entry.get(LONG, 200))
                .cipherIv(entry.get(LONG, 208))
                .cipher(CipherAlgorithm.ofCode(entry.get(INT, 216), "blob", 0))
                .pathId(Optional.empty())
                .build();
    }

    /** Returns the last blob: the one that was written with this image. */
    public BlobInfo ownBlob() {
        return blobs.getLast();
    }

    /** Returns the bytes of the file of the image's own blob, or of its metadata blob. */
    public byte[] blobBytes() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            Path file = files.filter(f -> f.getFileName().toString().matches("[0-9a-f]{64}"))
                    .findFirst()
                    .orElseThrow();
            return Files.readAllBytes(file);
        }
    }

    @Override
    public String toString() {
        return directory.getFileName().toString();
    }
}
