package io.nydus4j.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.linux.Requirements;
import io.nydus4j.rafs.RafsPaths;
import io.nydus4j.rafs.RafsVersion;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Images some of whose files lie in external storage. */
final class CreateExternalTest {
    private static final Path CLI = Path.of(System.getProperty("nydus4j.testdata"), "cli");
    private static final String KEYS = " type=external blob_index=0 blob_id=" + "e".repeat(64)
            + " chunk_size=4KiB chunk_0_compressed_offset=0 compressed_size=20000 crcs=0x1,0x2,0x3,0x4,0x5\n";

    /** Where the superblock of v6 has its flags. */
    private static final int FLAGS = 1024 + 128;

    private static final int HAS_XATTR = 0x20;

    @TempDir
    Path folder;

    private BuildResult create(Path source, RafsVersion version, String attributes) throws IOException {
        Path file = Files.writeString(folder.resolve("attributes"), attributes);
        return new CreateImage(
                        CreateOptions.builder(source)
                                .version(version)
                                .chunkSize(0x1000)
                                .blobFile(folder.resolve("blob"))
                                .bootstrapFile(folder.resolve("boot"))
                                .attributes(file)
                                .build(),
                        ProgressListener.NONE)
                .run();
    }

    private static byte[] path(String path) {
        return path.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void writesTheReferencesExternalBootstrap() throws Exception {
        Requirements.root();
        Path tree = Files.createDirectory(folder.resolve("tree"));
        Process tar = new ProcessBuilder(
                        "tar",
                        "--xattrs",
                        "--xattrs-include=*",
                        "--numeric-owner",
                        "-xpf",
                        CLI.resolve("in/small.tar").toString(),
                        "-C",
                        tree.toString())
                .start();
        assertThat(tar.waitFor()).isZero();
        BuildResult result = create(tree, RafsVersion.V6, "a/big" + KEYS);
        assertThat(result.externalBlobs()).containsExactly("e".repeat(64));
        byte[] expected = Files.readAllBytes(CLI.resolve("create/attributes-external/boot.external"));
        // The flag follows the main image, which here still has its file with an xattr.
        expected[FLAGS] |= HAS_XATTR;
        assertThat(result.externalBootstrap().orElseThrow()).hasBinaryContent(expected);
    }

    /** With the reference they are in neither image. */
    @ParameterizedTest
    @EnumSource(RafsVersion.class)
    void keepsFilesBesideExternalOnes(RafsVersion version) throws IOException {
        Path tree = Files.createDirectories(folder.resolve("tree/a/deep"))
                .getParent()
                .getParent();
        Files.write(tree.resolve("a/big"), new byte[20_000]);
        Files.writeString(tree.resolve("a/small"), "small");
        Files.writeString(tree.resolve("a/deep/x"), "x");
        create(tree, version, "/a/big" + KEYS);
        try (Rafs main = Rafs.load(folder.resolve("boot"), LoadOptions.DEFAULT.withValidateDigests(true))) {
            assertThat(RafsPaths.inodeFromPath(main, path("/a/small"))).isNotNull();
            assertThat(RafsPaths.inodeFromPath(main, path("/a/deep/x"))).isNotNull();
            assertThat(RafsPaths.inodeFromPath(main, path("/a/big"))).isNull();
        }
        if (version == RafsVersion.V5) { // no reader takes external blobs of v6
            try (Rafs external = Rafs.load(folder.resolve("boot.external"), LoadOptions.DEFAULT)) {
                var big = RafsPaths.inodeFromPath(external, path("/a/big"));
                assertThat(big.size()).isEqualTo(20_000);
                assertThat(big.chunkCount()).isEqualTo(5);
                assertThat(big.chunk(4).crc32()).isEqualTo(5);
                assertThat(RafsPaths.inodeFromPath(external, path("/a/small"))).isNull();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(RafsVersion.class)
    void imageBesideExternalFilesIsUnpackedAndChecked(RafsVersion version) throws IOException {
        Requirements.root();
        Path tree = Files.createDirectories(folder.resolve("tree/a/deep"))
                .getParent()
                .getParent();
        Files.write(tree.resolve("a/big"), new byte[20_000]);
        Files.writeString(tree.resolve("a/deep/x"), "x".repeat(9000));
        BuildResult built = create(tree, version, "/a/big" + KEYS);
        Path bootstrap = built.bootstrap().orElseThrow();
        Files.move(folder.resolve("blob"), folder.resolve(built.blobs().getFirst()));
        Path unpacked = folder.resolve("unpacked");
        try (DirectoryBackend blobs = new DirectoryBackend(folder)) {
            CheckOptions check = new CheckOptions(bootstrap, Optional.of(blobs), true, 2);
            assertThat(new CheckImage(check, ProgressListener.NONE).run().verifiedBytes())
                    .isPositive();
            UnpackOptions unpack = new UnpackOptions(bootstrap, blobs, unpacked, UnpackOptions.Form.DIRECTORY);
            new UnpackImage(unpack, ProgressListener.NONE).run();
        }
        assertThat(unpacked.resolve("a/deep/x")).hasContent("x".repeat(9000));
        assertThat(unpacked.resolve("a/big")).doesNotExist();
    }

    @Test
    void takesTheSizeOfADummyFromItsAttributes() throws IOException {
        Path tree = Files.createDirectory(folder.resolve("tree"));
        Files.createFile(tree.resolve("big"));
        create(tree, RafsVersion.V5, "/big file_size=9000" + KEYS);
        try (Rafs external = Rafs.load(folder.resolve("boot.external"), LoadOptions.DEFAULT)) {
            assertThat(RafsPaths.inodeFromPath(external, path("/big")).size()).isEqualTo(9000);
        }
    }

    @Test
    void leavesNothingBehindWhenAKeyIsMissing() throws IOException {
        Path tree = Files.createDirectory(folder.resolve("tree"));
        Files.write(tree.resolve("big"), new byte[5000]);
        assertThatThrownBy(() -> create(tree, RafsVersion.V5, "/big type=external\n"))
                .hasMessageContaining("failed to parse blob_index");
        assertThat(folder.resolve("boot")).doesNotExist();
        assertThat(folder.resolve("blob")).doesNotExist();
    }

    @Test
    void refusesSizesAndOffsetsThatCannotBe() throws IOException {
        Path tree = Files.createDirectory(folder.resolve("tree"));
        Files.createFile(tree.resolve("big"));
        for (String size : List.of("9223372036854775807", "70368744177664")) {
            assertThatThrownBy(() -> create(tree, RafsVersion.V5, "/big file_size=" + size + KEYS))
                    .isInstanceOf(IOException.class)
                    .hasMessage("invalid crc index 5 for file /big");
        }
        String keys = KEYS.replace("chunk_0_compressed_offset=0", "chunk_0_compressed_offset=9223372036854775807");
        assertThatThrownBy(() -> create(tree, RafsVersion.V5, "/big file_size=9000" + keys))
                .isInstanceOf(IOException.class)
                .hasMessage("external file /big: its 9000 bytes at 9223372036854775807 end behind the last possible"
                        + " offset");
        assertThat(folder.resolve("boot")).doesNotExist();
    }
}
