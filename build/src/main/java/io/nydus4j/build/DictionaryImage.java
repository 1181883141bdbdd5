package io.nydus4j.build;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkFlags;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.Digest;
import io.nydus4j.build.chunkdict.BlobRow;
import io.nydus4j.build.chunkdict.ChunkRow;
import io.nydus4j.rafs.FileMode;
import io.nydus4j.rafs.RafsVersion;
import io.nydus4j.rafs.Superblock;
import io.nydus4j.rafs.tree.ImageTree;
import io.nydus4j.rafs.tree.Node;
import io.nydus4j.rafs.tree.SourceId;
import io.nydus4j.rafs.v5.V5Sizes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The image that a dictionary is: files of all chunks of the blobs that a build may refer to. It is made to be looked up; mounted it shows
 * the chunks. Not safe for use by several threads.
 *
 * <p>The reference puts all chunks into one file, {@code chunkdict}, which no reader takes, for a file has whole chunks but for the last. Here
 * that file has the whole ones and every other has a file of its own.
 *
 * <p>A chunk's index in its blob is not in the database. It is its place among the blob's chunks, so only blobs of which all chunks are
 * known can be used.
 */
final class DictionaryImage {
    private static final int PERMISSIONS = 0660;
    private static final int OWNER = 1000;
    private static final int ALIGNMENT = 4096;
    private static final int TARFS_BLOCK = 512;
    private static final String NAME = "chunkdict";
    private static final Pattern DIGEST = Pattern.compile("[0-9a-fA-F]{64}");

    private final Superblock model;
    /** What the images at hand say of blobs. */
    private final Map<String, BlobInfo> knownBlobs = new HashMap<>();

    private final int firstFeatures;
    private final List<BlobInfo> blobs = new ArrayList<>();
    private final List<ChunkRecord> chunks = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();

    /** Starts a dictionary for images like these. */
    DictionaryImage(List<LearnedImage> images) {
        model = images.getFirst().superblock();
        for (LearnedImage image : images) {
            image.blobs().forEach(blob -> knownBlobs.putIfAbsent(blob.id(), blob));
        }
        List<BlobInfo> first = images.getFirst().blobs();
        firstFeatures = first.isEmpty()
                ? BlobFeatures.CAP_TAR_TOC
                : first.getFirst().features().bits();
    }

    /**
     * Adds a blob, unless it is small or not all of its chunks are known.
     *
     * @param rows rows of its chunks, in any order and any number of times
     * @throws IOException if one of them cannot be what it says it is
     */
    void add(BlobRow blob, List<ChunkRow> rows) throws IOException {
        check(blob);
        for (ChunkRow row : rows) {
            check(row);
        }
        Map<Long, ChunkRow> byOffset = new TreeMap<>();
        rows.forEach(row -> byOffset.putIfAbsent(row.uncompressedOffset(), row));
        long plain = rows.stream().mapToLong(ChunkRow::uncompressedSize).sum();
        int least = model.tarfs() ? TARFS_BLOCK : ALIGNMENT;
        if (plain < least) {
            warnings.add("Warning: Blob with id '" + blob.id() + "' is smaller than " + least + " bytes.");
            return;
        }
        if (!isWhole(blob, byOffset)) {
            warnings.add("Warning: Blob with id '" + blob.id() + "' is left out: not all of its chunks are known.");
            return;
        }
        BlobInfo entry = entry(blob, byOffset.size());
        blobs.add(entry);
        int index = 0;
        for (ChunkRow row : byOffset.values()) {
            boolean compressed = entry.compression() != Compression.NONE
                    && row.compressedSize() != row.uncompressedSize()
                    && row.compressedSize() != 0;
            int flags = (compressed ? ChunkFlags.COMPRESSED : 0)
                    | (entry.features().has(BlobFeatures.ENCRYPTED) ? ChunkFlags.ENCRYPTED : 0)
                    | (row.crc32() != 0 ? ChunkFlags.HAS_CRC32 : 0);
            chunks.add(new ChunkRecord(
                    Digest.parse(row.digest()),
                    entry.index(),
                    flags,
                    (int) row.compressedSize(),
                    (int) row.uncompressedSize(),
                    row.compressedOffset(),
                    row.uncompressedOffset(),
                    0,
                    index++,
                    (int) row.crc32()));
        }
    }

    private static void check(BlobRow row) throws IOException {
        boolean good = !row.id().isEmpty()
                && row.id().indexOf('/') < 0
                && row.compressedSize() >= 0
                && row.uncompressedSize() >= 0
                && row.chunkInfoOffset() >= 0
                && row.chunkInfoCompressedSize() >= 0
                && row.chunkInfoUncompressedSize() >= 0;
        if (!good) {
            throw new IOException("the database has a blob that is none: " + row);
        }
    }

    private void check(ChunkRow row) throws IOException {
        boolean good = DIGEST.matcher(row.digest()).matches()
                && row.uncompressedSize() > 0
                && row.uncompressedSize() <= model.chunkSize()
                && row.compressedSize() >= 0
                && row.compressedSize() <= Integer.MAX_VALUE
                && row.compressedOffset() >= 0
                && row.uncompressedOffset() >= 0
                && row.crc32() >>> Integer.SIZE == 0;
        if (!good) {
            throw new IOException("the database has a chunk that is none: " + row);
        }
    }

    /** Tells whether the chunks fill the blob's uncompressed address space. */
    private static boolean isWhole(BlobRow blob, Map<Long, ChunkRow> byOffset) {
        long end = 0;
        for (ChunkRow row : byOffset.values()) {
            long aligned = Math.ceilDiv(end, ALIGNMENT) * ALIGNMENT;
            if (row.uncompressedOffset() != end && row.uncompressedOffset() != aligned) {
                return false;
            }
            end = row.uncompressedOffset() + row.uncompressedSize();
        }
        return end == blob.uncompressedSize() || Math.ceilDiv(end, ALIGNMENT) * ALIGNMENT == blob.uncompressedSize();
    }

    private BlobInfo entry(BlobRow row, int count) {
        BlobInfo known = knownBlobs.get(row.id());
        BlobInfo.Builder entry;
        if (known != null) {
            entry = known.toBuilder();
        } else {
            Compression compression = Stream.of(Compression.values())
                    .filter(each -> each.text().equals(row.compressor()))
                    .findFirst()
                    .orElse(model.compression());
            entry = BlobInfo.builder()
                    .id(row.id())
                    .chunkSize(model.chunkSize())
                    .compression(compression)
                    .digestAlgorithm(model.digestAlgorithm())
                    .features(new BlobFeatures(firstFeatures))
                    .compressedSize(row.compressedSize())
                    .uncompressedSize(row.uncompressedSize())
                    .chunkInfoCompression(
                            row.chunkInfoCompressedSize() == row.chunkInfoUncompressedSize()
                                    ? Compression.NONE
                                    : compression)
                    .chunkInfoOffset(row.chunkInfoOffset())
                    .chunkInfoCompressedSize(row.chunkInfoCompressedSize())
                    .chunkInfoUncompressedSize(row.chunkInfoUncompressedSize());
        }
        BlobInfo built = entry.index(blobs.size()).chunkCount(count).build();
        int features = built.features().bits();
        return model.version() == RafsVersion.V6
                ? built.toBuilder()
                        .features(new BlobFeatures(features | BlobFeatures.IS_CHUNKDICT_GENERATED))
                        .build()
                : built;
    }

    /** Returns the blobs by index. */
    List<BlobInfo> blobs() {
        return blobs;
    }

    /** Returns what is to be said of blobs that were left out. */
    List<String> warnings() {
        return warnings;
    }

    /** Returns the number of chunks. */
    int chunkCount() {
        return chunks.size();
    }

    /** Returns the tree, numbered. */
    ImageTree tree() {
        Node root = Node.root(FileMode.DIRECTORY | PERMISSIONS, new SourceId(0, 0, 0));
        root.setOwner(OWNER, OWNER);
        List<ChunkRecord> whole = new ArrayList<>();
        int files = 1;
        for (ChunkRecord chunk : chunks) {
            if (chunk.uncompressedSize() == model.chunkSize()) {
                whole.add(chunk.atFileOffset((long) whole.size() * model.chunkSize()));
            } else {
                root.put(file(NAME + "-" + files, files, List.of(chunk)));
                files++;
            }
        }
        root.put(file(NAME, 0, whole));
        ImageTree tree = new ImageTree(root);
        if (model.version() == RafsVersion.V5) {
            V5Sizes.compute(tree);
        }
        tree.number();
        return tree;
    }

    private static Node file(String name, int number, List<ChunkRecord> chunks) {
        Node file = new Node(
                name.getBytes(StandardCharsets.US_ASCII),
                FileMode.REGULAR | PERMISSIONS,
                new SourceId(0, number + 1L, 0));
        file.setChunks(chunks.toArray(ChunkRecord[]::new));
        file.setSize(chunks.stream()
                .mapToLong(chunk -> Integer.toUnsignedLong(chunk.uncompressedSize()))
                .sum());
        return file;
    }

    /** Sorts rows of the database by blob. */
    static Map<String, List<ChunkRow>> byBlob(List<ChunkRow> rows) {
        Map<String, List<ChunkRow>> byBlob = new TreeMap<>(Comparator.naturalOrder());
        rows.forEach(row ->
                byBlob.computeIfAbsent(row.blobId(), _ -> new ArrayList<>()).add(row));
        return byBlob;
    }
}
