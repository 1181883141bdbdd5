package io.nydus4j.rafs;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkFlags;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.CipherAlgorithm;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.DigestAlgorithm;
import io.nydus4j.blob.digest.ChunkDigester;
import io.nydus4j.rafs.tree.ImageTree;
import io.nydus4j.rafs.tree.Node;
import io.nydus4j.rafs.tree.SourceId;
import io.nydus4j.rafs.tree.Xattr;
import io.nydus4j.rafs.v5.V5Bootstrap;
import io.nydus4j.rafs.v5.V5BootstrapWriter;
import io.nydus4j.rafs.v5.V5Sizes;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/** A small tree made by hand, with a blob of its uncompressed chunks. */
public final class TestTree {
    /** What a test knows of a file by its path. */
    public final Map<String, Node> nodes = new LinkedHashMap<>();
    /** Contents of the regular files. */
    public final Map<String, byte[]> contents = new LinkedHashMap<>();

    public final int chunkSize;
    private final Node root = Node.root(040755, new SourceId(0, 1, SourceId.NO_DEVICE));
    private final ByteArrayOutputStream blob = new ByteArrayOutputStream();
    private final ChunkDigester digester = new ChunkDigester();
    private DigestAlgorithm algorithm = DigestAlgorithm.SHA256;
    private int chunkCount;
    private long sources = 1;

    public TestTree(int chunkSize) {
        this.chunkSize = chunkSize;
        nodes.put("/", root);
    }

    public TestTree algorithm(DigestAlgorithm newAlgorithm) {
        algorithm = newAlgorithm;
        return this;
    }

    private Node add(String path, int mode) {
        return add(path, mode, new SourceId(0, ++sources, SourceId.NO_DEVICE));
    }

    private Node add(String path, int mode, SourceId id) {
        int slash = path.lastIndexOf('/');
        String parent = slash == 0 ? "/" : path.substring(0, slash);
        if (!nodes.containsKey(parent)) {
            directory(parent);
        }
        Node node = new Node(path.substring(slash + 1).getBytes(StandardCharsets.UTF_8), mode, id);
        nodes.get(parent).put(node);
        nodes.put(path, node);
        return node;
    }

    public Node directory(String path) {
        return add(path, 040755);
    }

    public Node symlink(String path, String target) {
        Node node = add(path, 0120777);
        node.setSymlinkTarget(target.getBytes(StandardCharsets.UTF_8));
        return node;
    }

    public Node device(String path, int mode, int rdev) {
        Node node = add(path, mode);
        node.setRdev(rdev);
        return node;
    }

    public Node file(String path, String content) {
        return file(path, content.getBytes(StandardCharsets.UTF_8));
    }

    public Node file(String path, byte[] content) {
        Node node = add(path, 0100644);
        node.setSize(content.length);
        contents.put(path, content);
        List<ChunkRecord> chunks = new ArrayList<>();
        for (int offset = 0; offset < content.length; offset += chunkSize) {
            int length = Math.min(chunkSize, content.length - offset);
            CRC32C crc = new CRC32C();
            crc.update(content, offset, length);
            chunks.add(new ChunkRecord(
                    digester.digest(algorithm, content, offset, length),
                    0,
                    ChunkFlags.HAS_CRC32,
                    length,
                    length,
                    blob.size(),
                    blob.size(),
                    offset,
                    chunkCount++,
                    (int) crc.getValue()));
            blob.write(content, offset, length);
        }
        node.setChunks(chunks.toArray(ChunkRecord[]::new));
        return node;
    }

    public Node hardLink(String path, String to) {
        Node target = nodes.get(to);
        Node node = add(path, target.mode(), target.sourceId());
        node.setHardLinkFlag(true);
        node.setSize(target.size());
        node.setChunks(target.chunks());
        node.setXattrs(target.xattrs());
        node.setOwner(target.uid(), target.gid());
        node.setMtime(target.mtimeSeconds(), target.mtimeNanos());
        contents.put(path, contents.get(to));
        return node;
    }

    public static Xattr xattr(String name, String value) {
        return new Xattr(name.getBytes(StandardCharsets.UTF_8), value.getBytes(StandardCharsets.UTF_8));
    }

    public byte[] blobBytes() {
        return blob.toByteArray();
    }

    public List<BlobInfo> blobs() {
        if (chunkCount == 0) {
            return List.of();
        }
        return List.of(BlobInfo.builder()
                .id("b".repeat(64))
                .chunkSize(chunkSize)
                .chunkCount(chunkCount)
                .digestAlgorithm(algorithm)
                .features(new BlobFeatures(BlobFeatures.CAP_TAR_TOC))
                .compressedSize(blob.size())
                .uncompressedSize(blob.size())
                .build());
    }

    public BootstrapOptions options() {
        return new BootstrapOptions(chunkSize, Compression.NONE, algorithm, CipherAlgorithm.NONE, true, false, false);
    }

    /** Numbers the tree and sizes its directories. */
    public ImageTree tree() {
        ImageTree tree = new ImageTree(root);
        V5Sizes.compute(tree);
        tree.number();
        return tree;
    }

    /** Returns the bytes of a v5 bootstrap of the tree. */
    public byte[] v5(String... prefetch) {
        List<Node> listed = Arrays.stream(prefetch).map(nodes::get).toList();
        nodes.values().forEach(node -> node.setDigest(Digest.ZERO));
        BootstrapPlan plan = V5BootstrapWriter.plan(tree(), blobs(), listed, options());
        byte[] bytes = new byte[(int) plan.size()];
        plan.write(MemorySegment.ofArray(bytes));
        return bytes;
    }

    /** Returns a v5 bootstrap of the tree. */
    public V5Bootstrap openV5(String... prefetch) throws java.io.IOException {
        return V5Bootstrap.open(MemorySegment.ofArray(v5(prefetch)), () -> {});
    }

    public static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
