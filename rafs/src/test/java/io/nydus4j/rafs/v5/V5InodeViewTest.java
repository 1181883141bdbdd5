package io.nydus4j.rafs.v5;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.ChunkFlags;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.RafsPaths;
import io.nydus4j.rafs.TestTree;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Reads inodes, sound and damaged. The tree: 1 {@code /}, 2 {@code a}, 3 {@code b}, 4 {@code c}, 5 {@code a/x}, 6 {@code a/y}. */
final class V5InodeViewTest {
    private static final int CHUNK = 4096;

    private static TestTree tree() {
        TestTree tree = new TestTree(CHUNK);
        tree.file("/a/x", "0123456789".repeat(500));
        tree.hardLink("/a/y", "/a/x");
        tree.symlink("/b", "a/x");
        tree.device("/c", 0020600, 0x103);
        tree.nodes.get("/a").setXattrs(List.of(TestTree.xattr("user.k", "v")));
        return tree;
    }

    private static V5Bootstrap open(byte[] bytes) throws RafsFormatException {
        return V5Bootstrap.open(MemorySegment.ofArray(bytes), () -> {});
    }

    /** Returns the image with a field of an inode's record changed. */
    private static V5Bootstrap with(int index, int offset, int size, long value) throws IOException {
        byte[] bytes = tree().v5();
        MemorySegment file = MemorySegment.ofArray(bytes);
        long place = open(bytes).inode(index).recordOffset() + offset;
        switch (size) {
            case 2 -> file.set(V5Format.SHORT, place, (short) value);
            case 4 -> file.set(V5Format.INT, place, (int) value);
            default -> file.set(V5Format.LONG, place, value);
        }
        return open(bytes);
    }

    @ParameterizedTest
    @CsvSource({
        "2, 40, 8, 0, number zero",
        "2, 40, 8, 7, number above the table",
        "2, 40, 8, -1, endless number",
        "2, 40, 8, 3, directory under another number",
        "2, 40, 8, 1, directory under its parent's number",
        "4, 40, 8, 3, name of a file of another type",
        "3, 40, 8, 2, name of a directory",
        "2, 32, 8, 0, no parent",
        "2, 32, 8, 2, its own parent",
        "2, 32, 8, 3, parent behind it",
        "2, 32, 8, -1, endless parent",
        "1, 32, 8, 1, root with a parent",
        "6, 32, 8, 6, hard link that is its own parent",
        "2, 88, 4, 0, no links",
        "3, 88, 4, 0, no links",
        "2, 100, 2, 0, no name",
        "2, 100, 2, 257, name too long",
        "2, 100, 2, 0xffff, name behind the end",
        "5, 96, 4, 0xffffffff, endless chunks",
        "5, 96, 4, 1000, chunks behind the end",
        "2, 92, 4, 2, children in front of their directory",
        "2, 92, 4, 1, root as child",
        "2, 92, 4, 6, children behind the end",
        "2, 96, 4, 0xffffffff, endless children",
        "2, 96, 4, 6, as many children as names",
        "3, 102, 2, 0, symbolic link without target",
        "3, 102, 2, 0xffff, target behind the end",
        "2, 136, 8, 0x10000000, xattrs too long",
        "2, 136, 8, -1, endless xattrs",
        "6, 80, 8, 4, xattrs in place of chunks",
        "5, 64, 8, -1, endless file"
    })
    void damagedInodeIsRefused(int index, int offset, int size, String value, String what) throws IOException {
        V5Bootstrap image = with(index, offset, size, Long.decode(value));
        assertThatThrownBy(() -> image.inode(index)).as(what).isInstanceOf(RafsFormatException.class);
    }

    @ParameterizedTest
    @CsvSource({"2, 72, 8, 99", "2, 56, 4, 7", "2, 120, 8, -1", "2, 80, 8, 0xf4", "4, 60, 4, 0", "5, 64, 8, 1"})
    void whatTheReferenceDoesNotCheckIsAccepted(int index, int offset, int size, String value) throws IOException {
        V5Bootstrap image = with(index, offset, size, Long.decode(value));
        assertThatCode(() -> image.inode(index)).doesNotThrowAnyException();
    }

    @Test
    void childOfAnotherDirectoryIsRefused() throws IOException {
        V5Bootstrap image = with(5, 32, 8, 1);
        V5InodeView directory = image.inode(2);
        assertThatThrownBy(() -> directory.childAt(0)).hasMessageContaining("expected parent 2, found 1");
        assertThatThrownBy(() -> directory.child(TestTree.bytes("x"))).isInstanceOf(RafsFormatException.class);
        assertThatThrownBy(() -> directory.walk(0, (name, ino, type, next) -> true))
                .isInstanceOf(RafsFormatException.class);
    }

    @ParameterizedTest
    @CsvSource({"46", "47", "0"})
    void nameThatNoDirectoryHoldsIsRefused(int letter) throws IOException {
        // The name becomes ".", "/" or a zero byte.
        V5Bootstrap image = with(2, 128, 2, letter);
        assertThatThrownBy(() -> image.inode(2).name()).isInstanceOf(RafsFormatException.class);
        assertThatThrownBy(() -> image.root().walk(0, (name, ino, type, next) -> true))
                .isInstanceOf(RafsFormatException.class);
    }

    @Test
    void attributesAreThoseOfTheTree() throws IOException {
        TestTree tree = new TestTree(CHUNK);
        tree.file("/f", "text");
        tree.nodes.get("/f").setOwner(70000, (int) 4_000_000_000L);
        tree.nodes.get("/f").setMtime(-5, 999_999_999);
        tree.nodes.get("/f").setMode(0104755);
        V5InodeView file = tree.openV5().root().child(TestTree.bytes("f"));
        assertThat(file).isNotNull();
        assertThat(file.uid()).isEqualTo(70000);
        assertThat(Integer.toUnsignedLong(file.gid())).isEqualTo(4_000_000_000L);
        assertThat(file.mtimeSeconds()).isEqualTo(-5);
        assertThat(file.mtimeNanos()).isEqualTo(999_999_999);
        assertThat(file.mode()).isEqualTo(0104755);
        assertThat(file.size()).isEqualTo(4);
        assertThat(file.blocks()).isEqualTo(1);
        assertThat(file.linkCount()).isEqualTo(1);
        assertThat(file.projectId()).isZero();
        assertThat(file.isHardLink()).isFalse();
        assertThat(file.hasHoles()).isFalse();
    }

    @Test
    void hardLinksShareANumberAndKeepTheirNames() throws IOException {
        V5Bootstrap image = open(tree().v5());
        V5InodeView second = image.inode(6);
        assertThat(second.ino()).isEqualTo(5);
        assertThat(second.name()).asString().isEqualTo("y");
        assertThat(second.linkCount()).isEqualTo(2);
        assertThat(second.isHardLink()).isTrue();
        assertThat(image.inode(second.ino()).name()).asString().isEqualTo("x");
        assertThat(second.digest()).isEqualTo(image.inode(5).digest());
    }

    @Test
    void deviceKeepsItsNumber() throws IOException {
        assertThat(open(tree().v5()).inode(4).rdev()).isEqualTo(0x103);
    }

    @Test
    void symbolicLinkHasItsTarget() throws IOException {
        V5Bootstrap image = open(tree().v5());
        assertThat(image.inode(3).symlinkTarget()).asString().isEqualTo("a/x");
        assertThat(image.inode(3).symlinkSize()).isEqualTo(3);
        assertThatThrownBy(() -> image.inode(2).symlinkTarget()).isInstanceOf(RafsFormatException.class);
    }

    @Test
    void xattrsAreFoundByTheirFullName() throws IOException {
        V5InodeView inode = open(tree().v5()).inode(2);
        assertThat(inode.hasXattrs()).isTrue();
        assertThat(inode.xattr(TestTree.bytes("user.k"))).asString().isEqualTo("v");
        assertThat(inode.xattr(TestTree.bytes("user.kk"))).isNull();
        assertThat(inode.xattrNames()).hasSize(1);
        assertThat(open(tree().v5()).inode(3).xattrNames()).isEmpty();
    }

    private static List<String> entries(V5InodeView directory, long from, int most) throws RafsFormatException {
        List<String> entries = new ArrayList<>();
        directory.walk(from, (name, ino, type, next) -> {
            entries.add(new String(name, StandardCharsets.UTF_8) + ":" + ino + ":" + next);
            return entries.size() < most;
        });
        return entries;
    }

    @Test
    void walkGivesDotsThenChildren() throws IOException {
        V5Bootstrap image = open(tree().v5());
        assertThat(entries(image.root(), 0, 9)).containsExactly(".:1:1", "..:1:2", "a:2:3", "b:3:4", "c:4:5");
        assertThat(entries(image.inode(2), 0, 9)).containsExactly(".:2:1", "..:1:2", "x:5:3", "y:5:4");
    }

    @Test
    void walkGoesOnWhereItEnded() throws IOException {
        V5InodeView root = open(tree().v5()).root();
        assertThat(entries(root, 1, 9)).containsExactly("..:1:2", "a:2:3", "b:3:4", "c:4:5");
        assertThat(entries(root, 3, 9)).containsExactly("b:3:4", "c:4:5");
        assertThat(entries(root, 5, 9)).isEmpty();
        assertThat(entries(root, Long.MAX_VALUE, 9)).isEmpty();
        assertThat(entries(root, 0, 1)).containsExactly(".:1:1");
    }

    @Test
    void walkOfAFileIsRefused() throws IOException {
        V5InodeView file = open(tree().v5()).inode(5);
        assertThatThrownBy(() -> entries(file, 0, 9)).isInstanceOf(RafsFormatException.class);
        assertThat(file.childCount()).isZero();
        assertThat(file.child(TestTree.bytes("x"))).isNull();
        assertThatThrownBy(() -> file.childAt(0)).isInstanceOf(RafsFormatException.class);
    }

    @Test
    void childrenAreFoundByNameInByteOrder() throws IOException {
        TestTree tree = new TestTree(CHUNK);
        for (String name : new String[] {"a", "a.b", "ab", "a\u00e9", "A", "z".repeat(255), "-", "~"}) {
            tree.file("/" + name, name);
        }
        V5Bootstrap image = tree.openV5();
        assertThat(image.root().childCount()).isEqualTo(8);
        for (String path : tree.contents.keySet()) {
            byte[] name = TestTree.bytes(path.substring(1));
            V5InodeView child = image.root().child(name);
            assertThat(child).as(path).isNotNull();
            assertThat(child.name()).isEqualTo(name);
        }
        for (String missing : new String[] {"", "b", "aa", ".", "..", "z".repeat(254), "z".repeat(256), "/"}) {
            assertThat(image.root().child(TestTree.bytes(missing))).as(missing).isNull();
        }
    }

    @Test
    void emptyDirectoryPointsWhereItsChildrenWouldBe() throws IOException {
        TestTree tree = new TestTree(CHUNK);
        tree.directory("/a");
        tree.file("/b/c", "x");
        V5Bootstrap image = tree.openV5();
        assertThat(image.inode(2).childIndex()).isEqualTo(4);
        assertThat(image.inode(2).childCount()).isZero();
        assertThat(image.inode(2).size()).isEqualTo(4096);
        assertThat(image.inode(2).blocks()).isEqualTo(8);
        assertThat(image.inode(3).childIndex()).isEqualTo(4);
    }

    @Test
    void chunksCoverTheFile() throws IOException {
        V5Bootstrap image = open(tree().v5());
        V5InodeView file = image.inode(5);
        assertThat(file.chunkCount()).isEqualTo(2);
        assertThat(file.chunkLength(0)).isEqualTo(4096);
        assertThat(file.chunkLength(1)).isEqualTo(904);
        assertThat(file.chunkFileOffset(1)).isEqualTo(4096);
        assertThat(file.chunkBlobOffset(1)).isEqualTo(4096);
        assertThat(file.chunkBlobIndex(1)).isZero();
        assertThatThrownBy(() -> file.chunk(2)).isInstanceOf(RafsFormatException.class);
        assertThatThrownBy(() -> file.chunk(-1)).isInstanceOf(RafsFormatException.class);
        assertThat(image.inode(3).chunkCount()).isZero();
    }

    @Test
    void chunksOfAllFilesComeOnce() throws IOException {
        List<ChunkRecord> chunks = new ArrayList<>();
        open(tree().v5()).forEachChunk(chunks::add);
        assertThat(chunks).hasSize(2);
    }

    /** Offset of the second chunk of {@code a/x} in its record. */
    private static final int SECOND_CHUNK = 128 + 8 + ChunkRecord.SIZE;

    @ParameterizedTest
    @CsvSource({
        "32, 4, 1, blob that is not there",
        "32, 4, 0xffffffff, endless blob index",
        "44, 4, 0, no bytes",
        "44, 4, 903, too short for its file",
        "44, 4, 905, too long for its file",
        "44, 4, 0xffffffff, endless chunk",
        "56, 8, 4097, behind the end of the blob",
        "56, 8, -1, endless offset in the blob",
        "64, 8, 0, place of another chunk in the file",
        "64, 8, -1, endless offset in the file",
        "48, 8, -1, endless offset of stored bytes"
    })
    void damagedChunkIsRefused(int offset, int size, String value, String what) throws IOException {
        V5Bootstrap image = with(5, SECOND_CHUNK + offset, size, Long.decode(value));
        V5InodeView file = image.inode(5);
        assertThatThrownBy(() -> file.chunk(1)).as(what).isInstanceOf(RafsFormatException.class);
        assertThatCode(() -> file.chunk(0)).doesNotThrowAnyException();
    }

    @Test
    void chunkIsNeitherInABatchNorEncrypted() throws IOException {
        ChunkRecord chunk = with(5, SECOND_CHUNK + 36, 4, 0x1F).inode(5).chunk(1);
        assertThat(chunk.has(ChunkFlags.BATCH)).isFalse();
        assertThat(chunk.has(ChunkFlags.ENCRYPTED)).isFalse();
        assertThat(chunk.has(ChunkFlags.COMPRESSED)).isTrue();
        assertThat(chunk.has(ChunkFlags.HAS_CRC32)).isTrue();
    }

    @Test
    void checksumCountsWithItsFlagOnly() throws IOException {
        assertThat(open(tree().v5()).inode(5).chunk(1).crc32()).isNotZero();
        assertThat(with(5, SECOND_CHUNK + 36, 4, 0).inode(5).chunk(1).crc32()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"5, 3, a regular file", "2, 0, a directory", "3, 5, a symbolic link", "1, 1, the root"})
    void wrongDigestIsFound(int index, int offset, String what) throws IOException {
        V5Bootstrap image = with(index, offset, 2, 0);
        assertThatThrownBy(image::validateDigests)
                .as(what)
                .isInstanceOf(RafsFormatException.class)
                .hasMessageContaining("invalid inode digest");
        assertThatCode(image::validateInodes).doesNotThrowAnyException();
    }

    @Test
    void specialFileIsCoveredByItsDirectory() throws IOException {
        assertThatThrownBy(() -> with(4, 0, 2, 0).validateDigests()).hasMessageContaining("inode 1");
    }

    @ParameterizedTest
    @CsvSource({
        "5, 96, 4, 1, too few chunks",
        "5, 64, 8, 9000, larger than its chunks",
        "5, 72, 8, 100, wrong blocks",
        "2, 100, 2, 256, name too long"
    })
    void checkOfAllInodesFindsMore(int index, int offset, int size, String value, String what) throws IOException {
        V5Bootstrap image = with(index, offset, size, Long.decode(value));
        assertThatThrownBy(image::validateInodes).as(what).isInstanceOf(RafsFormatException.class);
    }

    @Test
    void blocksMayBeZeroOrCountXattrs() throws IOException {
        assertThatCode(() -> with(5, 72, 8, 0).validateInodes()).doesNotThrowAnyException();
        TestTree tree = new TestTree(CHUNK);
        tree.file("/f", "x".repeat(512));
        tree.nodes.get("/f").setXattrs(List.of(TestTree.xattr("user.k", "v")));
        V5Bootstrap image = tree.openV5();
        assertThat(image.inode(2).blocks()).isEqualTo(2);
        assertThatCode(image::validateInodes).doesNotThrowAnyException();
    }

    @Test
    void symbolicLinksOfOneSourceAreDifferentFilesButRegularOnesAreOne() throws IOException {
        TestTree tree = new TestTree(CHUNK);
        tree.symlink("/a", "x");
        tree.hardLink("/b/a", "/a");
        tree.nodes.get("/b/a").setSymlinkTarget(TestTree.bytes("x"));
        tree.file("/c", "text");
        tree.hardLink("/b/c", "/c");
        V5Bootstrap image = tree.openV5();
        assertThat(image.superblock().inodesCount()).isEqualTo(5);
        assertThat(image.maxIno()).isEqualTo(6);
        assertThat(ino(image, "/a")).isNotEqualTo(ino(image, "/b/a"));
        assertThat(image.inode(ino(image, "/a")).linkCount()).isEqualTo(1);
        assertThat(ino(image, "/c")).isEqualTo(ino(image, "/b/c"));
        assertThat(image.inode(ino(image, "/c")).linkCount()).isEqualTo(2);
    }

    private static long ino(V5Bootstrap image, String path) throws RafsFormatException {
        return RafsPaths.inoFromPath(image, TestTree.bytes(path)).orElseThrow();
    }
}
