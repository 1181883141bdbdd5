package io.nydus4j.build.tar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.GoldenImage;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.tree.Xattr;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads archives, whole, broken and hostile. */
final class TarReaderTest {
    private static final ArchiveLimits SMALL = new ArchiveLimits(5, 300, 2000, 10, 1 << 20, 1 << 16, 100);

    /** A member with its data. */
    private record Read(TarMember member, byte[] data) {
        String name() {
            return new String(member.entry().name(), StandardCharsets.ISO_8859_1);
        }

        String link() {
            return new String(member.entry().linkName(), StandardCharsets.ISO_8859_1);
        }

        String text() {
            return new String(data, StandardCharsets.ISO_8859_1);
        }
    }

    private String warnings = "";

    private List<Read> read(byte[] archive) throws IOException {
        return read(archive, ArchiveLimits.DEFAULT);
    }

    private List<Read> read(byte[] archive, ArchiveLimits limits) throws IOException {
        List<Read> all = new ArrayList<>();
        ArchiveInput input = ArchiveInputs.open(Channels.newChannel(new ByteArrayInputStream(archive)), limits);
        try (TarReader reader = new TarReader(input, limits)) {
            for (TarMember member = reader.next(); member != null; member = reader.next()) {
                ByteBuffer data =
                        ByteBuffer.allocate(Math.toIntExact(member.entry().size()) + 1);
                while (reader.read(data) >= 0) {
                    // All of it.
                }
                all.add(new Read(member, Arrays.copyOf(data.array(), data.position())));
                assertThat(data.position()).isEqualTo((int) member.entry().size());
            }
            warnings = reader.warnings().orElse("");
        }
        return all;
    }

    @ParameterizedTest
    @ValueSource(strings = {"tree.tar", "tree.tar.gz", "full.tar", "upper.tar", "mixed.tar"})
    void readsGoldenArchives(String name) throws IOException {
        assertThat(read(Files.readAllBytes(GoldenImage.root().resolve(name)))).hasSizeGreaterThan(3);
        assertThat(warnings).isEmpty();
    }

    // Headers

    @Test
    void longNamesOfGnuAndPaxAreTaken() throws IOException {
        String longName = "n".repeat(1000);
        List<Read> all = read(new TestTar()
                .add(TestTar.header("././@LongLink", 'L'), TestTar.bytes(longName + "\0"))
                .add(TestTar.header("././@LongLink", 'K'), TestTar.bytes(longName + "link\0"))
                .entry("short", '2', "cut")
                .pax('x', "path=" + longName + "2", "linkpath=" + longName + "3")
                .entry("short", '2', "cut")
                .finish());
        assertThat(all.get(0).name()).isEqualTo(longName);
        assertThat(all.get(0).link()).isEqualTo(longName + "link");
        assertThat(all.get(1).name()).isEqualTo(longName + "2");
        assertThat(all.get(1).link()).isEqualTo(longName + "3");
    }

    @Test
    void prefixOfUstarIsJoined() throws IOException {
        TestTar.Header header = TestTar.header("name", '0').text(345, "some/prefix");
        assertThat(read(new TestTar().add(header).finish()).getFirst().name()).isEqualTo("some/prefix/name");
    }

    @Test
    void globalRecordsHoldUntilAMemberSaysOtherwise() throws IOException {
        List<Read> all = read(new TestTar()
                .pax('g', "comment=made by a test", "uid=7", "gid=8")
                .file("a", "")
                .pax('x', "uid=9")
                .file("b", "")
                .file("c", "")
                .finish());
        assertThat(all).extracting(one -> one.member().entry().uid()).containsExactly(7, 9, 7);
        assertThat(all).extracting(one -> one.member().entry().gid()).containsExactly(8, 8, 8);
    }

    @Test
    void sizeOfAnExtendedHeaderCounts() throws IOException {
        byte[] archive = new TestTar()
                .pax('x', "size=3")
                .add(TestTar.header("a", '0'))
                .raw(Arrays.copyOf(TestTar.bytes("xyz"), 512))
                .file("b", "more")
                .finish();
        assertThat(read(archive)).extracting(Read::text).containsExactly("xyz", "more");
    }

    @Test
    void numbersInBase256AreTaken() throws IOException {
        TestTar.Header header = TestTar.header("a", '0');
        header.text(108, "\u0080\0\0\0\u00EEk(\0")
                .text(136, "\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF\u00F0");
        TarEntry entry =
                read(new TestTar().add(header).finish()).getFirst().member().entry();
        assertThat(Integer.toUnsignedLong(entry.uid())).isEqualTo(4_000_000_000L);
        assertThat(entry.mtimeSeconds()).isEqualTo(-16);
    }

    @Test
    void xattrsKeepAllBytes() throws IOException {
        String value = "\0\n=12 x\u00FF\n";
        String base64 = Base64.getEncoder().withoutPadding().encodeToString(TestTar.bytes("bin\n\0"));
        byte[] archive = new TestTar()
                .pax('x', "SCHILY.xattr.user.a=" + value, "LIBARCHIVE.xattr.user.b%3D=" + base64)
                .file("a", "")
                .finish();
        assertThat(read(archive).getFirst().member().entry().xattrs())
                .containsExactlyInAnyOrder(
                        new Xattr(TestTar.bytes("user.a"), TestTar.bytes(value)),
                        new Xattr(TestTar.bytes("user.b="), TestTar.bytes("bin\n\0")));
    }

    @Test
    void oldTypesMeanFilesAndDirectories() throws IOException {
        List<Read> all = read(new TestTar()
                .file("seven", "7")
                .add(TestTar.header("nul", '\0'), TestTar.bytes("0"))
                .add(TestTar.header("contiguous", '7'), TestTar.bytes("7"))
                .entry("old/", '\0', "")
                .finish());
        assertThat(all)
                .extracting(one -> one.member().entry().type())
                .containsExactly(TarType.REGULAR, TarType.REGULAR, TarType.REGULAR, TarType.DIRECTORY);
    }

    @Test
    void linksHaveNoDataWhateverTheirSizeSays() throws IOException {
        byte[] archive = new TestTar()
                .add(TestTar.header("link", '1').link("a").size(700))
                .file("a", "text")
                .finish();
        assertThat(read(archive)).extracting(Read::text).containsExactly("", "text");
    }

    // Sparse files

    private static final String SPARSE = "\0".repeat(1000) + "data" + "\0".repeat(2000) + "end";

    @Test
    void sparseFilesOfAllPaxFormsAreExpanded() throws IOException {
        byte[] data = TestTar.bytes("dataend");
        String list = "2\n1000\n4\n3004\n3\n";
        byte[] archive = new TestTar()
                .pax(
                        'x',
                        "GNU.sparse.size=3007",
                        "GNU.sparse.numblocks=2",
                        "GNU.sparse.offset=1000",
                        "GNU.sparse.numbytes=4",
                        "GNU.sparse.offset=3004",
                        "GNU.sparse.numbytes=3")
                .add(TestTar.header("0.0", '0'), data)
                .pax('x', "GNU.sparse.name=0.1", "GNU.sparse.size=3007", "GNU.sparse.map=1000,4,3004,3")
                .add(TestTar.header("GNUSparseFile.1/0.1", '0'), data)
                .pax('x', "GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.name=1.0", "GNU.sparse.realsize=3007")
                .add(
                        TestTar.header("GNUSparseFile.1/1.0", '0'),
                        TestTar.bytes(list + "\0".repeat(512 - list.length()) + "dataend"))
                .finish();
        List<Read> all = read(archive);
        assertThat(all).extracting(Read::name).containsExactly("0.0", "0.1", "1.0");
        assertThat(all).extracting(Read::text).containsOnly(SPARSE);
    }

    @Test
    void sparseFileOfGnuMayHaveMorePiecesThanItsHeader() throws IOException {
        TestTar.Header header =
                TestTar.header("old", 'S').text(257, "ustar  \0").size(7);
        for (int i = 0; i < 4; i++) {
            header.text(386 + 24 * i, "%011o\0%011o\0".formatted(1000 + i, 1));
        }
        header.text(482, "\1").text(483, "%011o\0".formatted(3007));
        byte[] more = Arrays.copyOf(TestTar.bytes("%011o\0%011o\0".formatted(3004, 3)), 512);
        byte[] archive = new TestTar()
                .add(header)
                .raw(more)
                .raw(Arrays.copyOf(TestTar.bytes("dataend"), 512))
                .file("next", "x")
                .finish();
        assertThat(read(archive)).extracting(Read::text).containsExactly(SPARSE, "x");
    }

    // Ends

    private static Path ending(String name) {
        return GoldenImage.root().resolveSibling("tar").resolve(name + ".tar");
    }

    @ParameterizedTest
    @CsvSource({
        "ok, 'd/ d/one d/two', ''",
        "allzero, '', ''",
        "empty, '', missing",
        "dir-noend, 'd/ d/one e/', missing",
        "full-noend, 'd/ d/one d/two', missing",
        "nopad-noend, 'd/ d/one d/two', missing",
        "pad-noend, 'd/ d/one d/two', missing",
        "onezero, 'd/ d/one d/two', missing",
        "halfzero, 'd/ d/one d/two', missing",
        "junkafter, 'd/ d/one d/two', ignored"
    })
    void archiveOfWhichOnlyTheEndIsWrongIsWhole(String name, String members, String warning) throws IOException {
        List<Read> all = read(Files.readAllBytes(ending(name)));
        assertThat(String.join(" ", all.stream().map(Read::name).toList())).isEqualTo(members);
        assertThat(warnings).contains(warning);
    }

    @ParameterizedTest
    @CsvSource({
        "nodata, 'tar entry \"d/two\"', 'bytes are missing'",
        "middata, 'tar entry \"d/two\"', 'bytes are missing'",
        "midheader, 'behind entry \"d/one\"', 'bytes are missing'"
    })
    void archiveThatStopsWithinAMemberIsRefused(String name, String place, String problem) {
        assertThatThrownBy(() -> read(Files.readAllBytes(ending(name))))
                .isInstanceOf(RafsFormatException.class)
                .hasMessageContaining(place)
                .hasMessageContaining(problem);
    }

    @Test
    void archiveCutAnywhereIsRefusedOrWhole() throws IOException {
        byte[] archive = new TestTar()
                .pax('x', "SCHILY.xattr.user.a=b", "path=d/long")
                .file("short", "x".repeat(600))
                .add(TestTar.header("././@LongLink", 'L'), TestTar.bytes("e".repeat(110) + "\0"))
                .file("short", "")
                .entry("link", '2', "target")
                .finish();
        int count = read(archive).size();
        for (int length = 0; length < archive.length; length++) {
            byte[] cut = Arrays.copyOf(archive, length);
            try {
                assertThat(read(cut)).as("of %d bytes", length).hasSizeLessThanOrEqualTo(count);
                assertThat(warnings).contains("missing");
            } catch (RafsFormatException e) {
                assertThat(e).as("of %d bytes", length).hasMessageContaining("tar ");
            }
        }
    }

    // Lies

    static Stream<String> lies() {
        return Stream.of("size", "negative", "pax", "sparse", "sparse1", "list", "name", "ids", "device");
    }

    private static byte[] lie(String kind) {
        TestTar tar = new TestTar();
        TestTar.Header header = TestTar.header("liar", '0');
        return switch (kind) {
            case "size" ->
                tar.add(header.text(124, "\u0080\0\0\0\u007F\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF"))
                        .finish();
            case "negative" -> tar.add(header.text(124, "\u00FF".repeat(12))).finish();
            case "pax" -> tar.pax('x', "size=9223372036854775807").add(header).finish();
            case "sparse" ->
                tar.pax('x', "GNU.sparse.size=9223372036854775807", "GNU.sparse.map=9223372036854775806,1")
                        .add(header, new byte[1])
                        .finish();
            case "sparse1" ->
                tar.pax('x', "GNU.sparse.major=1", "GNU.sparse.realsize=10")
                        .add(header, TestTar.bytes("99999999999\n"))
                        .finish();
            case "list" ->
                tar.pax('x', "GNU.sparse.size=10", "GNU.sparse.map=5,5,2,1")
                        .add(header, new byte[6])
                        .finish();
            case "name" -> tar.pax('x', "path=liar\0x").add(header).finish();
            case "ids" -> tar.pax('x', "uid=4294967296").add(header).finish();
            default -> tar.add(TestTar.header("liar", '3').text(329, "12x4567")).finish();
        };
    }

    @ParameterizedTest
    @MethodSource("lies")
    void numbersThatLieAreRefusedWithTheMembersName(String kind) {
        assertThatThrownBy(() -> read(lie(kind)))
                .isInstanceOf(RafsFormatException.class)
                .hasMessageContaining("tar entry \"liar");
    }

    @Test
    void wrongChecksumIsRefused() {
        byte[] archive = new TestTar().file("one", "1").file("two", "2").finish();
        archive[1024 + 5] ^= 1;
        assertThatThrownBy(() -> read(archive))
                .isInstanceOf(RafsFormatException.class)
                .hasMessage("tar header behind entry \"one\" at offset 1024: archive header checksum mismatch");
    }

    @Test
    void unknownTypeIsRefused() {
        assertThatThrownBy(() -> read(new TestTar().entry("part", 'M', "").finish()))
                .isInstanceOf(RafsFormatException.class)
                .hasMessage("tar entry \"part\" at offset 0: unsupported tar entry type \"M\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"5 a=b\n", "6 a=b\nx", "99 a=b\n", "x", "6 a=bc", "99999999999 a=b\n", "4 =\n"})
    void malformedExtendedHeaderIsRefused(String records) {
        byte[] archive = new TestTar()
                .add(TestTar.header("x", 'x'), TestTar.bytes(records))
                .file("a", "")
                .finish();
        assertThatThrownBy(() -> read(archive)).isInstanceOf(RafsFormatException.class);
    }

    @Test
    void headersForNoMemberAreRefused() {
        for (char type : new char[] {'x', 'L', 'K'}) {
            byte[] records = TestTar.bytes(TestTar.record("path=a"));
            assertThatThrownBy(() -> read(new TestTar()
                            .add(TestTar.header("h", type), records)
                            .finish()))
                    .isInstanceOf(RafsFormatException.class)
                    .hasMessageContaining("before the member");
            byte[] twice = new TestTar()
                    .add(TestTar.header("h", type), records)
                    .add(TestTar.header("h", type), records)
                    .file("a", "")
                    .finish();
            assertThatThrownBy(() -> read(twice))
                    .isInstanceOf(RafsFormatException.class)
                    .hasMessageContaining("two ");
        }
    }

    // Limits

    @Test
    void eachLimitIsKept() {
        TestTar many = new TestTar();
        for (int i = 0; i < 6; i++) {
            many.file("f" + i, "");
        }
        byte[] longName = TestTar.bytes("n".repeat(301));
        List<byte[]> archives = List.of(
                many.finish(),
                new TestTar()
                        .add(TestTar.header("l", 'L'), longName)
                        .file("a", "")
                        .finish(),
                new TestTar()
                        .pax('x', "comment=" + "x".repeat(3000))
                        .file("a", "")
                        .finish(),
                new TestTar()
                        .pax('g', "comment=" + "x".repeat(1500))
                        .pax('g', "a=" + "x".repeat(1500))
                        .file("a", "")
                        .finish(),
                new TestTar()
                        .pax('x', "GNU.sparse.size=99", "GNU.sparse.map=" + "1,0,".repeat(10) + "1,0")
                        .file("a", "")
                        .finish(),
                new TestTar()
                        .add(TestTar.header("a", '0'), new byte[(1 << 20) + 1])
                        .finish());
        for (byte[] archive : archives) {
            assertThatThrownBy(() -> read(archive, SMALL))
                    .isInstanceOf(RafsFormatException.class)
                    .hasMessageContaining("limit");
        }
    }
}
