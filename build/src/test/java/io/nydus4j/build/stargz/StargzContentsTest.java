package io.nydus4j.build.stargz;

import static io.nydus4j.build.stargz.Tables.CHUNK;
import static io.nydus4j.build.stargz.Tables.chunk;
import static io.nydus4j.build.stargz.Tables.entry;
import static io.nydus4j.build.stargz.Tables.file;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import io.nydus4j.blob.ChunkFlags;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.tree.Node;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules by which a table of contents becomes a tree and a blob, one by one, and what breaks them. */
final class StargzContentsTest {
    private static final String SIZED = "\"chunkSize\":" + CHUNK;
    private static final String DIGEST = "\"chunkDigest\":\"sha256:" + "5".repeat(64) + "\"";

    private static void assertRefused(String problem, String name, String... entries) {
        assertThatThrownBy(() -> Tables.read(entries))
                .isInstanceOf(RafsFormatException.class)
                .hasMessageContaining(problem)
                .hasMessageContaining("\"" + name + "\"");
    }

    private static Node node(StargzContents.Result result, String path) {
        Node node = result.tree().root();
        for (String name : path.split("/", -1)) {
            if (!name.isEmpty()) {
                node = node.child(name.getBytes(StandardCharsets.UTF_8));
                assertThat(node).as(path).isNotNull();
            }
        }
        return node;
    }

    // Names.

    @ParameterizedTest
    @ValueSource(strings = {"", "/", "//", ".", "./", "/.", "././/"})
    void rootMayBeSpelledInManyWays(String root) throws IOException {
        StargzContents.Result result = Tables.read(entry(root, "dir", "\"uid\":7"), entry("a", "dir"));
        assertThat(result.tree().root().uid()).isEqualTo(7);
        assertThat(result.tree().root().children()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"..", "a/..", "a/../b", "../a", "/../../etc/passwd", "./.."})
    void parentDirectoryInANameIsRefused(String name) {
        assertRefused("invalid entry name", name, entry("a", "dir"), entry(name, "reg"));
    }

    @Test
    void nameOfMoreThan255BytesIsRefused() throws IOException {
        Tables.read(entry("d/" + "x".repeat(255), "reg"));
        assertRefused("longer than 255 bytes", "d/" + "x".repeat(256), entry("d/" + "x".repeat(256), "reg"));
        assertThatThrownBy(() -> Tables.read(entry("ä".repeat(128), "reg")))
                .hasMessageContaining("longer than 255 bytes");
    }

    @Test
    void nulInANameIsRefused() {
        assertThatThrownBy(() -> Tables.read(entry("a\\u0000b", "reg"))).hasMessageContaining("it has a NUL");
    }

    @Test
    void pathThatIsTooDeepIsRefused() throws IOException {
        Tables.read(entry("d/".repeat(4096), "dir"));
        assertThatThrownBy(() -> Tables.read(entry("d/".repeat(4097), "dir"))).hasMessageContaining("names deep");
    }

    @ParameterizedTest
    @ValueSource(strings = {"reg", "symlink", "hardlink", "char", "block", "fifo"})
    void rootThatIsNoDirectoryIsRefused(String type) {
        assertRefused("the root of the layer is not a directory", "/", entry("/", type, "\"linkName\":\"a\""));
    }

    @Test
    void rootIsMadeUpWithMode0755() throws IOException {
        Node root = Tables.read(entry("a", "fifo")).tree().root();
        assertThat(root.mode()).isEqualTo(040755);
        assertThat(root.uid()).isZero();
    }

    @Test
    void missingParentsAreMadeUpAndMayBeDeclaredLater() throws IOException {
        StargzContents.Result result = Tables.read(entry("a/b/c", "reg"), entry("a", "dir", "\"gid\":5"));
        assertThat(node(result, "a/b").mode()).isEqualTo(040755);
        assertThat(node(result, "a").gid()).isEqualTo(5);
        assertThat(node(result, "a/b/c").isRegular()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"reg", "symlink", "hardlink", "char"})
    void parentThatIsNoDirectoryIsRefused(String type) {
        assertRefused("is not a directory", "a/b", entry("a", type, "\"linkName\":\"c\""), entry("a/b", "reg"));
    }

    // Types and attributes.

    @Test
    void devicesAndFifosAreBuilt() throws IOException {
        StargzContents.Result result = Tables.read(
                entry("c", "char", "\"devMajor\":1,\"devMinor\":3"),
                entry("b", "block", "\"devMajor\":259,\"devMinor\":4097"),
                entry("p", "fifo"));
        assertThat(node(result, "c").mode()).isEqualTo(020755);
        assertThat(node(result, "c").rdev()).isEqualTo(259);
        assertThat(node(result, "b").mode()).isEqualTo(060755);
        assertThat(node(result, "b").rdev()).isEqualTo(16843521);
        assertThat(node(result, "p").mode()).isEqualTo(010755);
    }

    @Test
    void unknownTypesAreLeftOut() throws IOException {
        assertThat(Tables.read(entry("s", "socket"), entry("a/../b", "what"))
                        .tree()
                        .root()
                        .children())
                .isEmpty();
    }

    @Test
    void whatWritersPutInForThemselvesIsLeftOut() throws IOException {
        StargzContents.Result result = Tables.read(
                file(".prefetch.landmark", 1, 100),
                file("./.no.prefetch.landmark", 1, 50),
                file("/stargz.index.json", 1, 20),
                file("d/.prefetch.landmark", 1, 200),
                file("prefetch.landmark", 1, 300));
        assertThat(result.tree().root().children()).hasSize(2);
        assertThat(node(result, "d/.prefetch.landmark").size()).isEqualTo(1);
        assertThat(result.blob().chunks()).hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"symlink", "hardlink"})
    void emptyLinkTargetIsRefused(String type) {
        assertRefused("stargz: empty link target", "l", entry("l", type));
    }

    @Test
    void longLinkTargetIsRefused() throws IOException {
        Tables.read(entry("l", "symlink", "\"linkName\":\"" + "x".repeat(65_535) + "\""));
        assertRefused(
                "symlink content size 0x10000 is too big",
                "l",
                entry("l", "symlink", "\"linkName\":\"" + "x".repeat(65_536) + "\""));
    }

    @Test
    void xattrsAreDecodedAndSorted() throws IOException {
        Node node = node(Tables.read(entry("f", "reg", "\"xattrs\":{\"user.b\":\"AP8=\",\"security.a\":\"\"}")), "f");
        assertThat(node.xattrs()).hasSize(2);
        assertThat(node.xattrs().getFirst().value()).isEmpty();
        assertThat(node.xattrs().getLast().value()).containsExactly(0, -1);
    }

    @Test
    void plainAclNamesAreAccepted() throws IOException {
        Tables.read(entry("f", "reg", "\"xattrs\":{\"system.posix_acl_access\":\"AgAAAA==\"}"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"system.nfs4_acl", "foo", ""})
    void xattrNamesThatNoImageHoldsAreRefused(String name) {
        assertRefused("invalid xattr key", "f", entry("f", "reg", "\"xattrs\":{\"" + name + "\":\"\"}"));
    }

    @Test
    void xattrsThatAreTooBigAreRefused() throws IOException {
        String value = Base64.getEncoder().encodeToString(new byte[65_536]);
        String longer = Base64.getEncoder().encodeToString(new byte[65_537]);
        Tables.read(entry("f", "reg", "\"xattrs\":{\"user.a\":\"" + value + "\"}"));
        assertRefused(
                "xattr key/value is too big", "f", entry("f", "reg", "\"xattrs\":{\"user.a\":\"" + longer + "\"}"));
        String name = "user." + "n".repeat(251);
        assertRefused("xattr key/value is too big", "f", entry("f", "reg", "\"xattrs\":{\"" + name + "\":\"\"}"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"!!", "YQ", "YR==", "YQ==\\n", "_-8=", "Y"})
    void otherSpellingsOfBase64AreRefused(String value) {
        assertRefused("is not base64", "f", entry("f", "reg", "\"xattrs\":{\"user.a\":\"" + value + "\"}"));
    }

    // Paths that are declared twice.

    @Test
    void lastFileOfAPathWinsWithItsOwnData() throws IOException {
        StargzContents.Result result = Tables.read(file("a", 10, 100), file("a", 20, 200), file("b", 5, 300));
        assertThat(node(result, "a").size()).isEqualTo(20);
        assertThat(result.blob().chunks())
                .extracting(ChunkRecord::compressedOffset)
                .containsExactly(200L, 300L);
    }

    @Test
    void directoryInPlaceOfADirectoryKeepsWhatIsInIt() throws IOException {
        StargzContents.Result result =
                Tables.read(entry("d", "dir"), entry("d/x", "reg"), entry("d", "dir", "\"uid\":3"), entry("b", "reg"));
        assertThat(node(result, "d/x").isRegular()).isTrue();
        assertThat(node(result, "d").uid()).isEqualTo(3);
        result.tree().number();
        assertThat(node(result, "b").linkCount()).isEqualTo(1);
    }

    @Test
    void fileInPlaceOfADirectoryDropsWhatWasInIt() throws IOException {
        StargzContents.Result result = Tables.read(entry("d", "dir"), file("d/x", 5, 100), file("d", 6, 200));
        assertThat(node(result, "d").children()).isEmpty();
        assertThat(result.blob().chunks()).hasSize(1);
        assertThat(result.blob().chunks().getFirst().uncompressedOffset()).isZero();
    }

    // Hard links.

    @Test
    void linksLeadThroughLinksToEarlierAndLaterFiles() throws IOException {
        StargzContents.Result result = Tables.read(
                entry("l2", "hardlink", "\"linkName\":\"./l1\""),
                entry("l1", "hardlink", "\"linkName\":\"/f/\""),
                file("f", 10, 100, "\"xattrs\":{\"user.a\":\"YQ==\"}"));
        result.tree().number();
        for (String name : List.of("f", "l1", "l2")) {
            assertThat(node(result, name).linkCount()).isEqualTo(3);
            assertThat(node(result, name).size()).isEqualTo(10);
            assertThat(node(result, name).chunks()).hasSize(1);
            assertThat(node(result, name).xattrs()).hasSize(1);
        }
        assertThat(node(result, "f").hardLinkFlag()).isFalse();
        assertThat(node(result, "l1").hardLinkFlag()).isTrue();
    }

    @Test
    void linkToNothingIsRefused() {
        assertRefused("stargz: unknown target \"b\" for hardlink", "l", entry("l", "hardlink", "\"linkName\":\"b\""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"dir", "symlink", "char", "fifo"})
    void linkToWhatIsNoRegularFileIsRefused(String type) {
        assertRefused(
                "is not a regular file",
                "l",
                entry("l", "hardlink", "\"linkName\":\"t\""),
                entry("t", type, "\"linkName\":\"x\""));
    }

    @Test
    void circlesOfLinksAreRefused() {
        assertRefused("leads in a circle", "l", entry("l", "hardlink", "\"linkName\":\"l\""));
        assertThatThrownBy(() -> Tables.read(
                        entry("a", "hardlink", "\"linkName\":\"b\""),
                        entry("b", "hardlink", "\"linkName\":\"c\""),
                        entry("c", "hardlink", "\"linkName\":\"a\"")))
                .hasMessageContaining("leads in a circle");
    }

    // Chunks.

    @Test
    void filesHaveChunksUpToTheirEnd() throws IOException {
        StargzContents.Result result = Tables.read(
                file("a", 2 * CHUNK + 5, 100, SIZED, DIGEST),
                chunk("a", CHUNK, 200, SIZED),
                chunk("a", 2 * CHUNK, 300),
                file("exact", CHUNK, 400, SIZED),
                file("one", CHUNK, 500),
                entry("empty", "reg"));
        assertThat(node(result, "a").chunks())
                .extracting(ChunkRecord::uncompressedSize)
                .containsExactly(CHUNK, CHUNK, 5);
        assertThat(node(result, "a").chunks())
                .extracting(ChunkRecord::fileOffset)
                .containsExactly(0L, (long) CHUNK, 2L * CHUNK);
        assertThat(node(result, "a").chunks()[0].hasContentDigest()).isTrue();
        assertThat(node(result, "a").chunks()[1].hasContentDigest()).isFalse();
        assertThat(node(result, "a").chunks()[1].digest().isZero()).isFalse();
        assertThat(node(result, "a").chunks()[0].flags()).isEqualTo(ChunkFlags.COMPRESSED);
        assertThat(node(result, "exact").chunks()).hasSize(1);
        assertThat(node(result, "one").chunks()).hasSize(1);
        assertThat(node(result, "empty").chunks()).isEmpty();
    }

    @Test
    void chunksBelongToTheFileOfTheirName() throws IOException {
        StargzContents.Result result = Tables.read(
                file("a", CHUNK + 5, 100, SIZED),
                file("b", CHUNK + 6, 200, SIZED),
                chunk("./a", CHUNK, 300),
                chunk("b/", CHUNK, 400));
        assertThat(node(result, "a").chunks()[1].uncompressedSize()).isEqualTo(5);
        assertThat(node(result, "b").chunks()[1].uncompressedSize()).isEqualTo(6);
    }

    @Test
    void equalChunksAreOne() throws IOException {
        StargzContents.Result result =
                Tables.read(file("a", 7, 100, DIGEST), file("b", 7, 200, DIGEST), file("c", 8, 300));
        assertThat(result.blob().chunks()).hasSize(2);
        assertThat(node(result, "b").chunks()[0]).isEqualTo(node(result, "a").chunks()[0]);
        assertThat(node(result, "a").chunks()[0].compressedSize()).isEqualTo(100);
    }

    @Test
    void chunksOfOneDigestAndSeveralLengthsAreRefused() {
        assertRefused(
                "has the digest of a chunk of another length",
                "b",
                file("a", 7, 100, DIGEST),
                file("b", 8, 200, DIGEST));
    }

    @Test
    void chosenDigestsTakeLittleTime() throws IOException {
        // Their hash codes are all the same.
        String[] entries = IntStream.range(0, 50_000)
                .mapToObj(i -> file("d/" + i, 5, 100 + i * 10, "\"chunkDigest\":\"sha256:%064x\"".formatted(i + 1)))
                .toArray(String[]::new);
        StargzContents.Result result = assertTimeout(Duration.ofSeconds(20), () -> Tables.read(entries));
        assertThat(result.blob().chunks()).hasSize(50_000);
    }

    @Test
    void chunkOffsetThatIsNoMultipleIsRefused() {
        assertRefused(
                "stargz chunk offset (0x1001) is not aligned to 0x1000",
                "a",
                file("a", 2 * CHUNK, 100, SIZED),
                chunk("a", CHUNK + 1, 200));
        assertRefused("stargz chunk offset (0x5) is not aligned", "d", entry("d", "dir", "\"chunkOffset\":5"));
    }

    @Test
    void chunksOfAnotherSizeAreRefused() {
        assertRefused("stargz first chunk size is not 0x1000", "a", file("a", 9000, 100, "\"chunkSize\":8192"));
        assertRefused("stargz first chunk size is not 0x1000", "a", file("a", 9000, 100, "\"chunkOffset\":4096"));
        assertRefused(
                "stargz chunk size is not 0x1000",
                "a",
                file("a", 9000, 100, SIZED),
                chunk("a", CHUNK, 200, "\"chunkSize\":1"));
        assertRefused(
                "stargz chunk size is not 0x1000, but 0x2000",
                "a",
                file("a", 3 * CHUNK, 100, SIZED),
                chunk("a", CHUNK, 200, "\"chunkSize\":" + 2 * CHUNK));
        assertRefused("if that varies, only --type targz-rafs", "a", file("a", 9000, 100, "\"chunkSize\":3000"));
        assertRefused("stargz chunk size 0x1001 is bigger than chunk size 0x1000", "a", file("a", CHUNK + 1, 100));
        assertRefused(
                "stargz: size of last chunk 0x2000 is bigger than chunk size 0x1000",
                "a",
                file("a", 3 * CHUNK, 100, SIZED),
                chunk("a", CHUNK, 200));
    }

    @Test
    void lastChunkMayTellItsSize() throws IOException {
        StargzContents.Result result = Tables.read(
                file("a", CHUNK + 7, 100, SIZED),
                chunk("a", CHUNK, 200, "\"chunkSize\":7"),
                file("b", 5, 300, "\"chunkSize\":5"));

        assertThat(result.blob().chunks())
                .extracting(ChunkRecord::uncompressedSize)
                .containsExactly(CHUNK, 7, 5);
    }

    @Test
    void lastChunkWithoutAFileThatWaitsForItIsRefused() {
        String problem = "stargz tailer chunk lacks of corresponding head chunk";
        assertRefused(problem, "a", file("a", 5, 100), chunk("a", CHUNK, 200));
        assertRefused(problem, "b", file("a", CHUNK + 5, 100, SIZED), chunk("b", CHUNK, 200));
        assertRefused(problem, "a", file("a", CHUNK + 5, 100, SIZED), chunk("a", CHUNK, 200), chunk("a", CHUNK, 300));
    }

    @Test
    void chunkWithoutAFileIsRefused() {
        String problem = "stargz file chunk lacks of corresponding head regular file entry";
        assertRefused(problem, "a", chunk("a", CHUNK, 200, SIZED));
        assertRefused(problem, "d", entry("d", "dir"), chunk("d", CHUNK, 200, SIZED));
        assertRefused(problem, "e", entry("e", "reg"), chunk("e", CHUNK, 200, SIZED));
    }

    @Test
    void lastChunkAtTheEndOfTheFileIsNone() throws IOException {
        StargzContents.Result result = Tables.read(file("a", CHUNK, 100, SIZED), chunk("a", CHUNK, 200));
        assertThat(node(result, "a").chunks()).hasSize(1);
    }

    @Test
    void lastChunkBehindTheEndOfTheFileIsRefused() {
        assertRefused(
                "stargz file size and sum of chunk size doesn't match",
                "a",
                file("a", CHUNK + 5, 100, SIZED),
                chunk("a", 2 * CHUNK, 200));
    }

    @Test
    void gapsAndOverlapsAreRefused() {
        assertRefused(
                "stargz has gaps between chunks",
                "a",
                file("a", 3 * CHUNK, 100, SIZED),
                chunk("a", 2 * CHUNK, 200, SIZED));
        assertRefused(
                "stargz has gaps between chunks",
                "a",
                file("a", 2 * CHUNK, 100, SIZED),
                chunk("a", CHUNK, 200, SIZED),
                chunk("a", CHUNK, 300, SIZED));
        assertRefused(
                "stargz first chunk does not start at 0",
                "a",
                file("a", 2 * CHUNK, 100, SIZED, "\"chunkOffset\":4096"));
    }

    @ParameterizedTest
    @ValueSource(longs = {CHUNK + 1, 3 * CHUNK, 1L << 62, -1, Long.MIN_VALUE + CHUNK})
    void sizesThatLieAreRefused(long size) {
        assertThatThrownBy(() -> Tables.read(file("a", size, 100, SIZED)))
                .isInstanceOf(RafsFormatException.class)
                .hasMessageContaining("\"a\"");
    }

    @Test
    void offsetsThatDoNotRiseAreRefused() {
        String problem = "stargz compressed offset is out of order";
        assertRefused(problem, "a", file("a", 5, 200), file("b", 5, 200));
        assertRefused(problem, "a", file("a", 5, 200), file("b", 5, 100));
        assertRefused(problem, "a", file("a", 5, Tables.LAYER));
        assertRefused(problem, "a", file("a", 5, -1));
        assertRefused("stargz compressed size is too big", "a", file("a", 5, 200), file("b", 5, Long.MIN_VALUE));
    }

    @Test
    void gapsOfMoreThan16MiBInTheLayerAreRefused() throws IOException {
        long most = 0x100_0000;
        Tables.readLayer(100 + most, file("a", 5, 100));
        Tables.readLayer(200 + most, file("a", 5, 100), file("b", 5, 100 + most));
        assertThatThrownBy(() -> Tables.readLayer(101 + most, file("a", 5, 100)))
                .hasMessageContaining("\"a\": stargz compressed size is too big");
        assertThatThrownBy(() -> Tables.readLayer(200 + most, file("a", 5, 100), file("b", 5, 101 + most)))
                .hasMessageContaining("\"a\": stargz compressed size is too big");
    }

    @Test
    void windowIsBoundByWhatTheDataMayBecome() throws IOException {
        StargzContents.Result result = Tables.read(file("a", CHUNK, 100), file("b", 1, 10_000_000));
        assertThat(result.blob().chunks())
                .extracting(ChunkRecord::compressedSize)
                .containsExactly(CHUNK + 151, 152);
    }

    @Test
    void dataSharedByFilesIsRefused() throws IOException {
        String advice = "files that share compressed data cannot be told apart in an image, use --type estargz-ref";
        assertRefused(advice, "a", file("a", 5, 100), file("b", 5, 100, "\"innerOffset\":512"));
        // What shares it may be no part of the image.
        assertRefused(
                "512 bytes into what is decompressed (innerOffset); " + advice,
                "b",
                file(".prefetch.landmark", 1, 50),
                file("b", 5, 100, "\"innerOffset\":512"));
        Tables.read(file("b", 5, 100), file(".prefetch.landmark", 1, 100, "\"innerOffset\":1024"));
    }

    @Test
    void chunksOfZerosAreRefused() {
        assertRefused("chunks of type \"zeros\"", "a", file("a", 5, 100, "\"chunkType\":\"zeros\""));
    }

    // Large tables.

    @Test
    void hundredThousandsOfEntriesInOneDirectoryTakeLittleTime() {
        // In falling order, which is the worst for sorted lists.
        String[] entries = IntStream.range(0, 300_000)
                .mapToObj(i -> entry("d/%06d".formatted(300_000 - i), "reg"))
                .toArray(String[]::new);
        StargzContents.Result result = assertTimeout(Duration.ofSeconds(20), () -> Tables.read(entries));
        assertThat(node(result, "d").children()).hasSize(300_000);
    }

    @Test
    void longChainsOfLinksTakeLittleTime() throws IOException {
        int count = 100_000;
        String[] entries = new String[count + 1];
        for (int i = 0; i < count; i++) {
            entries[i] = entry("l" + i, "hardlink", "\"linkName\":\"l" + (i + 1) + "\"");
        }
        entries[count] = file("l" + count, 3, 100);
        StargzContents.Result result = assertTimeout(Duration.ofSeconds(20), () -> Tables.read(entries));
        assertThat(node(result, "l0").size()).isEqualTo(3);
    }

    @Test
    void directoriesWithoutEntriesAreLimited() {
        String deep = "/x".repeat(4000);
        String[] entries = IntStream.range(0, 300)
                .mapToObj(i -> entry("r" + i + deep, "reg"))
                .toArray(String[]::new);
        assertThatThrownBy(() -> Tables.read(entries))
                .isInstanceOf(RafsFormatException.class)
                .hasMessageContaining("directories have no entry of their own");
    }
}
