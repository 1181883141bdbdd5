package io.nydus4j.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.Digest;
import io.nydus4j.build.tar.TestTar;
import io.nydus4j.linux.RawBytes;
import io.nydus4j.linux.Requirements;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.linux.mount.MountFlags;
import io.nydus4j.linux.mount.Mounts;
import io.nydus4j.rafs.BootstrapWalk;
import io.nydus4j.rafs.Inode;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import io.nydus4j.storage.BlobBackend;
import io.nydus4j.storage.device.BlobDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Exports against the kernel's EROFS and {@code veritysetup}, which know nothing of RAFS. */
final class ExportImageTest {
    private static final String VERITYSETUP = "/usr/sbin/veritysetup";

    @TempDir
    Path folder;

    private Path blobs(String image) throws IOException {
        return Images.copyGolden(image, folder.resolve("blobs")).getParent();
    }

    private ExportResult export(String image, boolean verity, boolean referenceTree) throws IOException {
        Path blobs = blobs(image);
        try (BlobBackend backend = Images.localBackend(blobs)) {
            ExportOptions options =
                    new ExportOptions(blobs.resolve("boot"), backend, folder.resolve("disk"), verity, referenceTree, 3);
            return new ExportImage(options, ProgressListener.NONE).run();
        }
    }

    @Tag("root")
    @ParameterizedTest
    @ValueSource(strings = {"v6-zstd-4k", "v6-batch", "v6-encrypt", "v6-toc", "targz-ref", "tar-tarfs", "merge-v6"})
    void kernelReadsWhatTheImageHolds(String image) throws Exception {
        Requirements.root();
        Assumptions.assumeTrue(
                Files.readString(Path.of("/proc/filesystems")).contains("erofs"), "this kernel has no EROFS");
        export(image, true, false);
        Path mountPoint = Files.createDirectory(folder.resolve("mnt"));
        byte[] target = mountPoint.toString().getBytes(StandardCharsets.UTF_8);
        Mounts.mount(folder.resolve("disk").toString(), target, "erofs", MountFlags.READ_ONLY, "");
        try {
            assertThat(compare(image, mountPoint)).isGreaterThan(20);
        } finally {
            Mounts.unmount(target, MountFlags.DETACH);
        }
    }

    private int compare(String image, Path mountPoint) throws IOException {
        Path blobs = folder.resolve("blobs");
        int[] files = new int[1];
        try (BlobBackend backend = Images.localBackend(blobs);
                Rafs rafs = Rafs.load(blobs.resolve("boot"), LoadOptions.DEFAULT);
                BlobDevice device = BlobDevice.open(rafs, backend)) {
            BootstrapWalk.walkDirectory(rafs, rafs.rootIno(), Optional.empty(), (inode, walk) -> {
                Path file = NativePath.path(NativePath.bytes(mountPoint + RawBytes.text(walk.path())));
                assertThat(Files.getAttribute(file, "unix:mode", LinkOption.NOFOLLOW_LINKS))
                        .as(image + " " + file)
                        .isEqualTo(inode.mode());
                if (inode.isRegular()) {
                    assertThat(Files.readAllBytes(file)).as(image + " " + file).isEqualTo(content(device, inode));
                    files[0]++;
                }
                return true;
            });
        }
        return files[0];
    }

    private static byte[] content(BlobDevice device, Inode inode) throws IOException {
        ByteBuffer content = ByteBuffer.allocate((int) inode.size());
        while (content.hasRemaining() && device.read(inode, content.position(), content) > 0) {}
        return Arrays.copyOf(content.array(), content.position());
    }

    private static void needsVeritysetup() {
        if (!Files.isExecutable(Path.of(VERITYSETUP))) {
            Requirements.program("veritysetup");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"v6-zstd-4k", "v6-batch", "tar-tarfs"})
    void veritysetupAgrees(String image) throws Exception {
        needsVeritysetup();
        ExportResult result = export(image, true, false);
        Process process =
                new ProcessBuilder(verify(result)).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
    }

    @Test
    void veritysetupRefusesTheReferencesTree() throws Exception {
        needsVeritysetup();
        ExportResult result = export("v6-zstd-4k", true, true);
        Process process =
                new ProcessBuilder(verify(result)).redirectErrorStream(true).start();
        assertThat(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .contains("Spare area is not zeroed");
        assertThat(process.waitFor()).isNotZero();
    }

    private List<String> verify(ExportResult result) {
        String disk = folder.resolve("disk").toString();
        Digest root = result.rootDigest().orElseThrow();
        return List.of(
                VERITYSETUP,
                "verify",
                "--no-superblock",
                "--format=1",
                "-s",
                "-",
                "--hash=sha256",
                "--data-block-size=" + result.blockSize(),
                "--hash-block-size=4096",
                "--data-blocks=" + result.dataBlocks(),
                "--hash-offset=" + result.hashOffset(),
                disk,
                disk,
                root.toString());
    }

    @Test
    void leavesNothingBehindWhenABlobIsDamaged() throws IOException {
        Path blobs = blobs("v6-zstd-4k");
        String id;
        try (Rafs rafs = Rafs.load(blobs.resolve("boot"), LoadOptions.DEFAULT)) {
            id = rafs.blobs().getFirst().effectiveId();
        }
        byte[] damaged = Files.readAllBytes(blobs.resolve(id));
        damaged[damaged.length / 3] ^= 1;
        Files.write(blobs.resolve(id), damaged);
        try (BlobBackend backend = Images.localBackend(blobs)) {
            ExportOptions options =
                    new ExportOptions(blobs.resolve("boot"), backend, folder.resolve("disk"), false, false, 2);
            assertThatThrownBy(() -> new ExportImage(options, ProgressListener.NONE).run())
                    .isInstanceOf(IOException.class);
        }
        try (Stream<Path> left = Files.list(folder)) {
            assertThat(left).containsExactly(blobs);
        }
    }

    /** As an archive that is whole but for its padding and end. */
    @Test
    void lastBlockOfATarFileNeedsNoPadding() throws IOException {
        Requirements.root();
        byte[] archive = new TestTar()
                .file("first", "abc")
                .add(TestTar.header("last", '0').size(700))
                .raw("y".repeat(700).getBytes(StandardCharsets.UTF_8))
                .toBytes();
        Path blobs = Files.createDirectory(folder.resolve("blobs"));
        Path tar = Files.write(folder.resolve("tar"), archive);
        CreateOptions options = CreateOptions.builder(tar)
                .type(ConversionType.TAR_TARFS)
                .blobDirectory(blobs)
                .bootstrapFile(blobs.resolve("boot"))
                .build();
        String id =
                new CreateImage(options, ProgressListener.NONE).run().blobs().getFirst();
        Files.move(tar, blobs.resolve(id));
        try (BlobBackend backend = Images.localBackend(blobs)) {
            ExportOptions export =
                    new ExportOptions(blobs.resolve("boot"), backend, folder.resolve("disk"), true, false, 1);
            new ExportImage(export, ProgressListener.NONE).run();
        }
        Path mountPoint = Files.createDirectory(folder.resolve("mnt"));
        byte[] target = mountPoint.toString().getBytes(StandardCharsets.UTF_8);
        Mounts.mount(folder.resolve("disk").toString(), target, "erofs", MountFlags.READ_ONLY, "");
        try {
            assertThat(mountPoint.resolve("first")).hasContent("abc");
            assertThat(mountPoint.resolve("last")).hasContent("y".repeat(700));
        } finally {
            Mounts.unmount(target, MountFlags.DETACH);
        }
    }
}
