package io.nydus4j.rafs.v5;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.CipherAlgorithm;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.DigestAlgorithm;
import io.nydus4j.rafs.BootstrapOptions;
import io.nydus4j.rafs.BootstrapWalk;
import io.nydus4j.rafs.Inode;
import io.nydus4j.rafs.ReadPlan;
import io.nydus4j.rafs.TestTree;
import io.nydus4j.rafs.tree.ImageTree;
import io.nydus4j.rafs.tree.Node;
import io.nydus4j.rafs.tree.Xattr;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Writes trees and reads them back. */
final class V5RandomTreeTest {
    /** Makes a tree of about {@code size} names. */
    static TestTree random(long seed, int size) {
        Random random = new Random(seed);
        TestTree tree =
                new TestTree(4096).algorithm(random.nextBoolean() ? DigestAlgorithm.BLAKE3 : DigestAlgorithm.SHA256);
        List<String> directories = new ArrayList<>(List.of(""));
        List<String> files = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            String path = directories.get(random.nextInt(directories.size())) + "/" + name(random);
            if (tree.nodes.containsKey(path)) {
                continue;
            }
            @Nullable
            Node node = switch (random.nextInt(6)) {
                case 0 -> {
                    directories.add(path);
                    yield tree.directory(path);
                }
                case 1 -> tree.symlink(path, "t".repeat(1 + random.nextInt(300)));
                case 2 -> tree.device(path, random.nextBoolean() ? 0020600 : 0010644, random.nextInt());
                case 3 -> files.isEmpty() ? null : tree.hardLink(path, files.get(random.nextInt(files.size())));
                default -> {
                    files.add(path);
                    byte[] content = new byte[random.nextInt(3) * random.nextInt(9000)];
                    random.nextBytes(content);
                    yield tree.file(path, content);
                }
            };
            if (node == null || node.hardLinkFlag()) {
                continue;
            }
            node.setOwner(random.nextInt(), random.nextInt());
            node.setMtime(random.nextLong(), random.nextInt(1_000_000_000));
            List<Xattr> xattrs = new ArrayList<>();
            for (int x = random.nextInt(4) - 1; x > 0; x--) {
                xattrs.add(TestTree.xattr("user." + x, "v".repeat(random.nextInt(50))));
            }
            node.setXattrs(xattrs);
        }
        return tree;
    }

    private static String name(Random random) {
        int length = random.nextInt(8) == 0 ? 1 + random.nextInt(255) : 1 + random.nextInt(6);
        StringBuilder name = new StringBuilder();
        while (name.length() < length) {
            name.append((char) ('a' + random.nextInt(26)));
        }
        return name.toString();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void treeIsReadBackAsItWas(long seed) throws IOException {
        TestTree tree = random(seed, 400);
        V5Bootstrap image = tree.openV5();
        image.validateInodes();
        image.validateDigests();
        byte[] blob = tree.blobBytes();
        List<String> seen = new ArrayList<>();
        BootstrapWalk.preOrder(image, (inode, walk) -> {
            String path = new String(walk.path(), StandardCharsets.UTF_8);
            seen.add(path);
            Node node = tree.nodes.get(path);
            assertSame(path + " of seed " + seed, inode, node);
            if (inode.isRegular()) {
                byte[] content = new byte[(int) inode.size()];
                for (ReadPlan.Piece piece : ReadPlan.of(inode, tree.chunkSize, 0, Long.MAX_VALUE)) {
                    System.arraycopy(
                            blob, (int) piece.blobOffset(), content, (int) piece.fileOffset(), (int) piece.length());
                }
                assertThat(content).as(path).isEqualTo(tree.contents.get(path));
            }
        });
        assertThat(seen).containsExactlyInAnyOrderElementsOf(tree.nodes.keySet());
    }

    private static void assertSame(String path, Inode inode, Node node) {
        assertThat(inode.mode()).as(path).isEqualTo(node.mode());
        assertThat(inode.uid()).as(path).isEqualTo(node.uid());
        assertThat(inode.gid()).as(path).isEqualTo(node.gid());
        assertThat(inode.size()).as(path).isEqualTo(node.size());
        assertThat(inode.blocks()).as(path).isEqualTo(node.blocks());
        assertThat(inode.mtimeNanos()).as(path).isEqualTo(node.mtimeNanos());
        assertThat(inode.mtimeSeconds()).as(path).isEqualTo(node.mtimeSeconds());
        assertThat(inode.rdev()).as(path).isEqualTo(node.rdev());
        assertThat(inode.ino()).as(path).isEqualTo(node.ino());
        assertThat(inode.linkCount()).as(path).isEqualTo(node.linkCount());
        try {
            if (node.isSymlink()) {
                assertThat(inode.symlinkTarget()).as(path).isEqualTo(node.symlinkTarget());
            }
            List<Xattr> xattrs = new ArrayList<>();
            for (byte[] name : inode.xattrNames()) {
                xattrs.add(new Xattr(name, inode.xattr(name)));
            }
            assertThat(xattrs).as(path).isEqualTo(node.xattrs());
        } catch (IOException e) {
            throw new AssertionError(path, e);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13})
    void treeReadFromAnImageGivesTheSameImage(long seed) throws IOException {
        TestTree source = random(seed, 300);
        byte[] bytes = source.v5();
        ImageTree tree = V5TreeReader.read(V5Bootstrap.open(MemorySegment.ofArray(bytes), () -> {}), 3);
        tree.number();
        assertThat(write(tree, source.blobs(), source.options()))
                .as("seed %s", seed)
                .isEqualTo(bytes);
        assertThat(tree.root().sourceId().layer()).isEqualTo(3);
    }

    @Test
    void orderOfInsertionDoesNotMatter() {
        TestTree forward = new TestTree(4096);
        TestTree backward = new TestTree(4096);
        for (int i = 0; i < 50; i++) {
            forward.directory("/d" + i);
            backward.directory("/d" + (49 - i));
        }
        assertThat(forward.v5()).isEqualTo(backward.v5());
    }

    private static byte[] write(ImageTree tree, List<BlobInfo> blobs, BootstrapOptions options) {
        var plan = V5BootstrapWriter.plan(tree, blobs, List.of(), options);
        byte[] bytes = new byte[(int) plan.size()];
        plan.write(MemorySegment.ofArray(bytes));
        return bytes;
    }

    @Test
    void directoryIsAsLargeAsItsNames() throws IOException {
        TestTree tree = new TestTree(4096);
        for (int i = 0; i < 400; i++) {
            tree.file("/full/%03d".formatted(i), "");
        }
        tree.file("/over/x", "");
        for (int i = 0; i < 372; i++) {
            tree.file("/exact/%03d".formatted(i), "");
        }
        tree.file("/exact/last", "");
        V5Bootstrap image = tree.openV5();
        // 400 times 11 bytes; 372 times 11 and 12 more are 4104.
        assertThat(image.root().child(TestTree.bytes("full")).size()).isEqualTo(8192);
        assertThat(image.root().child(TestTree.bytes("over")).size()).isEqualTo(4096);
        assertThat(image.root().child(TestTree.bytes("exact")).size()).isEqualTo(8192);
        assertThat(image.root().child(TestTree.bytes("exact")).blocks()).isEqualTo(16);
    }

    @Test
    void xattrsCountAsBlocksWithoutTheirHeader() throws IOException {
        TestTree tree = new TestTree(4096);
        tree.nodes.get("/").setXattrs(List.of(TestTree.xattr("user.k", "v")));
        V5Bootstrap image = tree.openV5();
        assertThat(image.root().blocks()).isEqualTo(9);
        assertThat(image.superblock().hasXattrs()).isTrue();
    }

    @Test
    void emptyImageHasARootAndNoBlob() throws IOException {
        V5Bootstrap image = new TestTree(4096).openV5();
        assertThat(image.blobs()).isEmpty();
        assertThat(image.root().linkCount()).isEqualTo(2);
        assertThat(image.root().childIndex()).isEqualTo(2);
        assertThat(image.root().digest())
                .hasToString("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        V5Bootstrap blake3 =
                new TestTree(4096).algorithm(DigestAlgorithm.BLAKE3).openV5();
        assertThat(blake3.root().digest())
                .hasToString("af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");
    }

    @Test
    void digestOfASymbolicLinkIsThatOfItsTarget() throws IOException {
        TestTree tree = new TestTree(4096);
        tree.symlink("/l", "The quick brown fox jumps over the lazy dog");
        assertThat(tree.openV5().inode(2).digest())
                .hasToString("d7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592");
        assertThat(tree.algorithm(DigestAlgorithm.BLAKE3).openV5().inode(2).digest())
                .hasToString("2f1514181aadccd913abd94cfa592701a5686ab23f8df1dff1b74710febc6d4a");
    }

    @Test
    void digestKeptFromAParentImageIsNotComputedAgain() throws IOException {
        TestTree tree = new TestTree(4096);
        Node file = tree.file("/f", "text");
        ImageTree numbered = tree.tree();
        file.setDigest(new Digest(1, 2, 3, 4));
        byte[] bytes = write(numbered, tree.blobs(), tree.options());
        V5Bootstrap image = V5Bootstrap.open(MemorySegment.ofArray(bytes), () -> {});
        assertThat(image.inode(2).digest().word0()).isEqualTo(1);
        assertThatThrownBy(image::validateDigests).hasMessageContaining("invalid inode digest");
    }

    @Test
    void childrenOfWhatIsNoDirectoryAreHidden() throws IOException {
        TestTree tree = new TestTree(4096);
        tree.directory("/a/b");
        tree.nodes.get("/a").setMode(0100644);
        tree.nodes.get("/a").setSize(0);
        V5Bootstrap image = tree.openV5();
        assertThat(image.maxIno()).isEqualTo(2);
        image.validateInodes();
    }

    private static void assertRefused(TestTree tree, String message) {
        assertThatThrownBy(tree::v5)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Test
    void whatDoesNotFitIsRefused() {
        TestTree longName = new TestTree(4096);
        longName.file("/" + "n".repeat(257), "");
        assertRefused(longName, "expected a name of at most 256 bytes, found 257");
        TestTree longTarget = new TestTree(4096);
        longTarget.symlink("/l", "t".repeat(65536));
        assertRefused(longTarget, "link target");
        TestTree noTarget = new TestTree(4096);
        noTarget.file("/l", "").setMode(0120777);
        assertRefused(noTarget, "without a target");
        TestTree longXattr = new TestTree(4096);
        longXattr.file("/f", "").setXattrs(List.of(TestTree.xattr("user." + "x".repeat(251), "")));
        assertRefused(longXattr, "xattr name");
        TestTree largeXattr = new TestTree(4096);
        largeXattr.file("/f", "").setXattrs(List.of(TestTree.xattr("user.x", "v".repeat(65537))));
        assertRefused(largeXattr, "xattr value");
        TestTree noChunks = new TestTree(4096);
        noChunks.file("/f", "text").setChunks(new ChunkRecord[0]);
        assertRefused(noChunks, "invalid chunk count of /f: expected 1, found 0");
    }

    @Test
    void encryptionTarfsAndNamelessBlobsAreRefused() {
        TestTree tree = new TestTree(4096);
        BootstrapOptions encrypted = new BootstrapOptions(
                4096, Compression.NONE, DigestAlgorithm.SHA256, CipherAlgorithm.AES_128_XTS, true, false, false);
        BootstrapOptions tarfs = new BootstrapOptions(
                4096, Compression.NONE, DigestAlgorithm.SHA256, CipherAlgorithm.NONE, true, false, true);
        for (BootstrapOptions options : Arrays.asList(encrypted, tarfs)) {
            assertThatThrownBy(() -> write(tree.tree(), List.of(), options))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        List<BlobInfo> nameless = List.of(BlobInfo.builder().build());
        assertThatThrownBy(() -> write(tree.tree(), nameless, tree.options())).hasMessageContaining("no id");
        List<BlobInfo> greedy =
                List.of(BlobInfo.builder().id("x").prefetchSize(1L << 32).build());
        assertThatThrownBy(() -> write(tree.tree(), greedy, tree.options())).hasMessageContaining("prefetch");
    }

    @Test
    void moreBlobsThanABuildMakesAreRead() throws IOException {
        TestTree tree = new TestTree(4096);
        List<BlobInfo> blobs = new ArrayList<>();
        for (int i = 0; i < 258; i++) {
            blobs.add(BlobInfo.builder().id("blob" + i).index(i).prefetchSize(i).build());
        }
        byte[] bytes = write(tree.tree(), blobs, tree.options());
        List<BlobInfo> read =
                V5Bootstrap.open(MemorySegment.ofArray(bytes), () -> {}).blobs();
        assertThat(read).hasSize(258);
        assertThat(read.get(257).id()).isEqualTo("blob257");
        assertThat(read.get(257).prefetchSize()).isEqualTo(257);
        assertThat(read.get(257).index()).isEqualTo(257);
    }
}
