package io.nydus4j.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.build.tar.ArchiveLimits;
import io.nydus4j.build.tar.TestTar;
import io.nydus4j.rafs.BootstrapListing;
import io.nydus4j.rafs.BootstrapWalk;
import io.nydus4j.rafs.RafsVersion;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Builds archives that are hostile or odd: either the image is what a user expects, or the error names the member and nothing stays. */
final class HostileArchiveTest {
    @TempDir
    private Path work;

    private Path output;

    @BeforeEach
    void makeOutput() throws IOException {
        output = Files.createDirectory(work.resolve("output"));
    }

    private CreateOptions.Builder options(byte[] archive) throws IOException {
        Path file = Files.write(work.resolve("archive.tar"), archive);
        return CreateOptions.builder(file)
                .type(ConversionType.TAR_RAFS)
                .blobDirectory(output)
                .bootstrapFile(output.resolve("boot"));
    }

    private Rafs build(byte[] archive, RafsVersion version) throws IOException {
        CreateOptions options = options(archive).version(version).build();
        return Rafs.load(
                new CreateImage(options, ProgressListener.NONE)
                        .run()
                        .bootstrap()
                        .orElseThrow(),
                LoadOptions.DEFAULT);
    }

    private List<String> lines(byte[] archive, RafsVersion version) throws IOException {
        List<String> lines = new ArrayList<>();
        try (Rafs image = build(archive, version)) {
            BootstrapWalk.preOrder(
                    image,
                    (inode, walk) -> lines.add(
                            "%s %o".formatted(new String(walk.path(), StandardCharsets.ISO_8859_1), inode.mode())));
        }
        return lines;
    }

    private void assertRefused(byte[] archive, String message) throws IOException {
        for (RafsVersion version : RafsVersion.values()) {
            assertThatThrownBy(() -> build(archive, version))
                    .isInstanceOf(IOException.class)
                    .hasMessage(message);
            assertThat(output).isEmptyDirectory();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"../up", "a/../../up", "..", "a/..", "/../up"})
    void pathThatLeadsUpwardsIsRefused(String path) throws IOException {
        assertRefused(
                new TestTar().file(path, "x").finish(),
                "tar entry \"%s\": the path \"%s\" leads upwards".formatted(path, path));
    }

    @Test
    void linkThatLeadsUpwardsIsRefused() throws IOException {
        assertRefused(
                new TestTar().entry("a", '1', "../../etc/shadow").finish(),
                "tar entry \"a\": the path \"../../etc/shadow\" leads upwards");
    }

    @ParameterizedTest
    @EnumSource(RafsVersion.class)
    void absolutePathsStartAtTheRoot(RafsVersion version) throws IOException {
        byte[] archive = new TestTar()
                .file("//etc/./passwd", "x")
                .entry("/link", '1', "/etc//passwd")
                .finish();
        assertThat(lines(archive, version))
                .containsExactly("/ 40755", "/etc 40755", "/etc/passwd 100644", "/link 100644");
    }

    @Test
    void memberBelowALinkOrAFileIsRefused() throws IOException {
        assertRefused(
                new TestTar().entry("a", '2', "/etc").file("a/passwd", "x").finish(),
                "tar entry \"a/passwd\": \"/a\" is no directory");
        assertRefused(
                new TestTar().file("a", "").file("a/b/c", "x").finish(), "tar entry \"a/b/c\": \"/a\" is no directory");
    }

    @Test
    void hardLinkToNothingOrToADirectoryIsRefused() throws IOException {
        assertRefused(
                new TestTar().entry("a", '1', "b").entry("b", '1', "a").finish(),
                "tar entry \"a\": unknown target \"b\" for hardlink");
        assertRefused(
                new TestTar().entry("d/", '5', "").entry("d/loop", '1', "d").finish(),
                "tar entry \"d/loop\": target \"d\" for hardlink is a directory");
        assertRefused(
                new TestTar().entry("a", '1', "a").finish(), "tar entry \"a\": unknown target \"a\" for hardlink");
    }

    @Test
    void rootThatIsNoDirectoryIsRefused() throws IOException {
        assertRefused(
                new TestTar().file("./", "").file(".", "x").finish(), "tar entry \".\": the root is no directory");
    }

    @Test
    void xattrThatNoImageHoldsIsRefused() throws IOException {
        assertRefused(
                new TestTar().pax('x', "SCHILY.xattr.other.a=1").file("f", "").finish(),
                "tar entry \"f\": invalid xattr key \"other.a\"");
    }

    @Test
    void dataThatEndsEarlyIsRefused() throws IOException {
        byte[] whole = new TestTar().file("d/file", "x".repeat(1000)).toBytes();
        assertRefused(
                Arrays.copyOf(whole, 700),
                "tar entry \"d/file\" at offset 0: the archive ends where 812 of its 1000 bytes are missing");
    }

    @Test
    void bombIsRefused() throws IOException {
        ByteArrayOutputStream bomb = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(bomb)) {
            gzip.write(TestTar.header("zeros", '0').size(50 << 20).toBytes());
            gzip.write(new byte[(50 << 20) + 1024]);
        }
        CreateOptions options = options(bomb.toByteArray())
                .archiveLimits(new ArchiveLimits(10, 100, 100, 10, 1L << 40, 1 << 20, 500))
                .build();
        assertThatThrownBy(() -> new CreateImage(options, ProgressListener.NONE).run())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("tar entry \"zeros\"")
                .hasMessageContaining("the limit of 500");
        assertThat(output).isEmptyDirectory();
    }

    @ParameterizedTest
    @EnumSource(RafsVersion.class)
    void directoriesThatNoMemberDescribesAreMadeUp(RafsVersion version) throws IOException {
        byte[] archive = new TestTar()
                .file("D/x", "x")
                .file("z", "z")
                .file("C/a", "a")
                .file("C/B/b", "b")
                .entry("C/", '5', "")
                .finish();
        assertThat(lines(archive, version))
                .containsExactly(
                        "/ 40755",
                        "/C 40644",
                        "/C/B 40755",
                        "/C/B/b 100644",
                        "/C/a 100644",
                        "/D 40755",
                        "/D/x 100644",
                        "/z 100644");
    }

    @ParameterizedTest
    @EnumSource(RafsVersion.class)
    void laterMemberReplacesAnEarlierOne(RafsVersion version) throws IOException {
        byte[] archive = new TestTar()
                .file("a", "old")
                .file("d/child", "x")
                .file("kept", "first")
                .entry("other", '1', "kept")
                .file("a", "new and longer")
                .entry("d", '2', "a")
                .file("kept", "second")
                .finish();
        assertThat(lines(archive, version))
                .containsExactly("/ 40755", "/a 100644", "/d 120644", "/kept 100644", "/other 100644");
        List<String> all = new ArrayList<>();
        try (Rafs image = Rafs.load(output.resolve("boot"), LoadOptions.DEFAULT);
                DirectoryBackend blobs = new DirectoryBackend(output)) {
            assertThat(Listing.ofImage(image, blobs)).anyMatch(line -> line.startsWith("/a: 100644 0:0 size 14"));
            new BootstrapListing(image).inodes(all::add);
        }
        assertThat(all).isNotEmpty();
    }

    @ParameterizedTest
    @EnumSource(RafsVersion.class)
    void hardLinksToAnythingButDirectoriesWork(RafsVersion version) throws IOException {
        byte[] archive = new TestTar()
                .entry("symlink", '2', "target")
                .entry("symlink2", '1', "symlink")
                .entry("fifo", '6', "")
                .entry("fifo2", '1', "fifo")
                .add(TestTar.header("device", '3').text(329, "0000001").text(337, "0000003"))
                .entry("device2", '1', "device")
                .finish();
        try (Rafs image = build(archive, version);
                DirectoryBackend blobs = new DirectoryBackend(output)) {
            List<String> lines = Listing.ofImage(image, blobs);
            for (String name : List.of("symlink", "fifo", "device")) {
                String first = line(lines, name);
                assertThat(line(lines, name + "2")).isEqualTo(first);
            }
        }
    }

    private static String line(List<String> lines, String name) {
        return lines.stream()
                .filter(line -> line.startsWith("/" + name + ":"))
                .findFirst()
                .orElseThrow()
                .replaceFirst("^[^:]*:", "")
                .replaceFirst(" same as .*", "");
    }

    @ParameterizedTest
    @EnumSource(RafsVersion.class)
    void landmarksAtTheRootAreLeftOut(RafsVersion version) throws IOException {
        byte[] archive = new TestTar()
                .file("stargz.index.json", "{}")
                .file(".prefetch.landmark", "x")
                .file("./.no.prefetch.landmark", "x")
                .file("d/.prefetch.landmark", "x")
                .finish();
        assertThat(lines(archive, version)).containsExactly("/ 40755", "/d 40755", "/d/.prefetch.landmark 100644");
    }

    @ParameterizedTest
    @EnumSource(RafsVersion.class)
    void emptyArchivesAreEmptyLayers(RafsVersion version) throws IOException {
        assertThat(lines(new byte[0], version)).containsExactly("/ 40755");
        assertThat(lines(new TestTar().finish(), version)).containsExactly("/ 40755");
    }

    @Test
    void linkWithoutATargetIsRefused() throws IOException {
        assertRefused(
                new TestTar().entry("s", '2', "").finish(),
                "tar entry \"s\": failed to get symlink target: it is empty");
    }

    /** Two bytes of a path are a directory. */
    @Test
    void moreImpliedDirectoriesThanFitInMemoryAreRefused() throws IOException {
        TestTar tar = new TestTar();
        for (int i = 0; i < 40; i++) {
            tar.add(TestTar.header("././@LongLink", 'L'), TestTar.bytes("%04d".formatted(i) + "/a".repeat(32_000)))
                    .file("x", "");
        }
        assertThatThrownBy(() -> build(tar.finish(), RafsVersion.V6))
                .isInstanceOf(IOException.class)
                .hasMessageMatching(
                        "tar entry \"\\d{4}/a/a[/a]*\": more than \\d+ directories have no entry of their own");
        assertThat(output).isEmptyDirectory();
    }

    @Test
    void globalXattrsOfManyMembersAreRefused() throws IOException {
        String[] records = new String[20_000];
        Arrays.setAll(records, i -> "SCHILY.xattr.user.a%06d=".formatted(i));
        TestTar tar = new TestTar().pax('g', records);
        for (int i = 0; i < 100; i++) {
            tar.file("f" + i, "");
        }
        assertThatThrownBy(() -> build(tar.finish(), RafsVersion.V5))
                .isInstanceOf(IOException.class)
                .hasMessageMatching(
                        "tar entry \"f\\d+\" at offset \\d+: the xattrs that members have from global headers"
                                + " take more than 67108864 bytes in all, which is the limit");
        assertThat(output).isEmptyDirectory();
    }

    @Test
    void sizeThatLiesTakesNoMemoryInTarfs() throws IOException {
        byte[] archive =
                new TestTar().add(TestTar.header("f", '0').size(60L << 30)).toBytes();
        CreateOptions options = CreateOptions.builder(Files.write(work.resolve("archive.tar"), archive))
                .type(ConversionType.TAR_TARFS)
                .chunkSize(0x1000)
                .blobDirectory(output)
                .build();
        assertThatThrownBy(() -> new CreateImage(options, ProgressListener.NONE).run())
                .isInstanceOf(IOException.class)
                .hasMessage("tar entry \"f\" at offset 0: the archive ends where 64424509440 of its 64424509440 bytes"
                        + " are missing");
        assertThat(output).isEmptyDirectory();
    }
}
