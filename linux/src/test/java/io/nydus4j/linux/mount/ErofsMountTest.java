package io.nydus4j.linux.mount;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.linux.Requirements;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Mounts an image that another program made. */
final class ErofsMountTest {
    @TempDir
    Path folder;

    @BeforeAll
    static void needErofs() throws IOException {
        Requirements.rootAndErofs();
    }

    private static byte[] bytes(Path path) {
        return path.toString().getBytes(StandardCharsets.UTF_8);
    }

    private void makeImage(Path image) throws Exception {
        Path tree = Files.createDirectory(folder.resolve("tree"));
        Files.writeString(tree.resolve("file"), "content");
        Process made = new ProcessBuilder("mkfs.erofs", image.toString(), tree.toString())
                .redirectErrorStream(true)
                .start();
        made.getInputStream().readAllBytes();
        assertThat(made.waitFor()).isZero();
    }

    @Test
    void mountsAFile() throws Exception {
        Path image = folder.resolve("image");
        makeImage(image);
        checkMount(image);
    }

    /** An option takes 255 bytes. */
    @Test
    void mountsAFileWithALongPath() throws Exception {
        Path image = Files.createDirectories(folder.resolve("x".repeat(200)).resolve("y".repeat(200)))
                .resolve("image");
        makeImage(image);
        checkMount(image);
    }

    private void checkMount(Path image) throws Exception {
        Path target = Files.createDirectory(folder.resolve("mnt"));
        ErofsMount.mount(bytes(image), List.of(), bytes(target));
        try {
            assertThat(target.resolve("file")).hasContent("content");
            assertThat(MountTable.find(bytes(target)).orElseThrow().type()).isEqualTo("erofs");
        } finally {
            ErofsMount.unmount(bytes(target));
        }
        assertThat(target.resolve("file")).doesNotExist();
    }

    @Test
    void saysWhyTheKernelRefuses() throws Exception {
        Path image = Files.write(folder.resolve("image"), new byte[8192]);
        Path target = Files.createDirectory(folder.resolve("mnt"));
        assertThatThrownBy(() -> ErofsMount.mount(bytes(image), List.of(), bytes(target)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("fsconfig");
    }
}
