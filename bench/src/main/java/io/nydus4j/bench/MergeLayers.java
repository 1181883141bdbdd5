package io.nydus4j.bench;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.CipherAlgorithm;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.DigestAlgorithm;
import io.nydus4j.rafs.BootstrapOptions;
import io.nydus4j.rafs.BootstrapPlan;
import io.nydus4j.rafs.tree.ImageTree;
import io.nydus4j.rafs.tree.Node;
import io.nydus4j.rafs.tree.SourceId;
import io.nydus4j.rafs.v5.V5BootstrapWriter;
import io.nydus4j.rafs.v5.V5Sizes;
import io.nydus4j.rafs.v6.V6BootstrapWriter;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * Makes the bootstraps of many layers to be merged, without any blobs: in each, directories of a hundred files of one chunk. A tenth of
 * the directories are those of other layers, where half of the files replace others; some names are whiteouts.
 */
public final class MergeLayers {
    /** Number of layers. */
    static final int LAYERS = 50;
    /** Names in each layer. */
    static final int ENTRIES = 10_000;

    private static final int FILES_PER_DIRECTORY = 99;
    private static final int CHUNK_SIZE = 0x10_0000;
    private static final int FILE_SIZE = 5000;
    private static final int BLOCK = 4096;

    private final Random random;
    private long sources = 1;
    private int chunks;

    private MergeLayers(int layer) {
        random = new Random(layer);
    }

    /** Writes {@code layer-NN} for v6 or v5 into the directory that the first argument names; the second is the version. */
    public static void main(String[] args) throws IOException {
        Path directory = Files.createDirectories(Path.of(args[0]));
        for (Path layer : write(directory, args[1].equals("5"))) {
            System.out.println(layer);
        }
    }

    /** Writes the layers into a directory; returns their paths, the lowest first. */
    static List<Path> write(Path directory, boolean v5) throws IOException {
        List<Path> paths = new ArrayList<>();
        for (int i = 0; i < LAYERS; i++) {
            Path path = directory.resolve(String.format(Locale.ROOT, "layer-%02d", i));
            Files.write(path, new MergeLayers(i).bootstrap(i, v5));
            paths.add(path);
        }
        return paths;
    }

    private byte[] bootstrap(int layer, boolean v5) {
        Node root = node("/", 040755);
        int directories = ENTRIES / (FILES_PER_DIRECTORY + 1);
        for (int i = 0; i < directories; i++) {
            boolean shared = i % 10 == 0;
            Node directory = node(shared ? "shared-" + i : "layer-" + layer + "-" + i, 040755);
            for (int j = 0; j < FILES_PER_DIRECTORY; j++) {
                boolean own = !shared || j % 2 == 0;
                String name = own ? "file-" + layer + "-" + j + ".txt" : "file-" + j + ".txt";
                directory.put(shared && layer > 0 && j == 1 ? node(".wh.file-3.txt", 0100644) : file(name));
            }
            root.put(directory);
        }
        ImageTree tree = new ImageTree(root);
        tree.number();
        BlobInfo blob = BlobInfo.builder()
                .id(new Digest(layer, 1, 2, 3).toString())
                .chunkSize(CHUNK_SIZE)
                .chunkCount(chunks)
                .compression(Compression.ZSTD)
                .features(new BlobFeatures(BlobFeatures.CAP_TAR_TOC | BlobFeatures.ALIGNED))
                .compressedSize((long) chunks * FILE_SIZE)
                .uncompressedSize((long) chunks * 2 * BLOCK)
                .chunkInfoOffset((long) chunks * FILE_SIZE)
                .chunkInfoCompressedSize(16L * chunks)
                .chunkInfoUncompressedSize(16L * chunks)
                .build();
        BootstrapOptions options = new BootstrapOptions(
                CHUNK_SIZE, Compression.ZSTD, DigestAlgorithm.BLAKE3, CipherAlgorithm.NONE, true, false, false);
        if (v5) {
            V5Sizes.compute(tree);
        }
        BootstrapPlan plan = v5
                ? V5BootstrapWriter.plan(tree, List.of(blob), List.of(), options)
                : V6BootstrapWriter.plan(tree, List.of(blob), List.of(), options);
        byte[] bytes = new byte[(int) plan.size()];
        plan.write(MemorySegment.ofArray(bytes));
        return bytes;
    }

    private Node node(String name, int mode) {
        SourceId id = new SourceId(0, sources++, SourceId.NO_DEVICE);
        Node node = name.equals("/") ? Node.root(mode, id) : new Node(name.getBytes(StandardCharsets.UTF_8), mode, id);
        node.setMtime(1_700_000_000L + sources, 0);
        return node;
    }

    private Node file(String name) {
        Node file = node(name, 0100644);
        Digest digest = new Digest(random.nextLong(), random.nextLong(), random.nextLong(), random.nextLong());
        file.setSize(FILE_SIZE);
        file.setChunks(new ChunkRecord[] {
            new ChunkRecord(
                    digest,
                    0,
                    0,
                    FILE_SIZE,
                    FILE_SIZE,
                    (long) chunks * FILE_SIZE,
                    (long) chunks * 2 * BLOCK,
                    0,
                    chunks,
                    random.nextInt())
        });
        chunks++;
        return file;
    }
}
