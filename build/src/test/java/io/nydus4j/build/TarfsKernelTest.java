package io.nydus4j.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nydus4j.blob.GoldenImage;
import io.nydus4j.linux.mount.MountFlags;
import io.nydus4j.linux.mount.Mounts;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Lets the kernel's EROFS read tarfs images, with the archive itself as device. Needs root. */
@Tag("root")
final class TarfsKernelTest {
    @TempDir
    private Path work;

    private Path mountPoint = Path.of("/");
    private boolean mounted;

    @BeforeEach
    void needsErofs() throws IOException {
        Root.require();
        assumeTrue(Files.readString(Path.of("/proc/filesystems")).contains("erofs"), "this kernel has no EROFS");
        mountPoint = Files.createDirectory(work.resolve("mount"));
    }

    @AfterEach
    void unmount() throws IOException {
        if (mounted) {
            Mounts.unmount(bytes(mountPoint), 0);
        }
    }

    private static byte[] bytes(Path path) {
        return path.toString().getBytes(StandardCharsets.UTF_8);
    }

    private Path build(Path archive) throws IOException {
        Path output = Files.createDirectory(work.resolve("image"));
        CreateOptions options = CreateOptions.builder(archive)
                .type(ConversionType.TAR_TARFS)
                .blobDirectory(output)
                .bootstrapFile(output.resolve("boot"))
                .build();
        new CreateImage(options, ProgressListener.NONE).run();
        return output.resolve("boot");
    }

    @Test
    void kernelShowsTheArchivesTree() throws IOException, InterruptedException {
        Path archive = GoldenImage.root().resolve("tree.tar");
        Path boot = build(archive);
        Path tree = Files.createDirectory(work.resolve("tree"));
        Root.extract(archive, tree);
        Mounts.mount(
                boot.toString(), bytes(mountPoint), "erofs", MountFlags.READ_ONLY, "device=" + archive.toRealPath());
        mounted = true;
        assertThat(wholeSeconds(Listing.ofDirectory(mountPoint)))
                .containsExactlyElementsOf(wholeSeconds(Listing.ofDirectory(tree)));
    }

    /** Times from headers without extensions are whole seconds. */
    private static List<String> wholeSeconds(List<String> lines) {
        return lines.stream()
                .map(line -> line.replaceAll("(time [0-9]+)\\.[0-9]+", "$1"))
                .toList();
    }
}
