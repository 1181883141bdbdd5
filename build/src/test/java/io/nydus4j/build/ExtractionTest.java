package io.nydus4j.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.build.UnpackOptions.Form;
import io.nydus4j.storage.BlobBackend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Unpacks images into directories where something is in the way. */
final class ExtractionTest {
    @TempDir
    private Path work;

    private Path source;
    private Path images;

    @BeforeEach
    void makeFolders() throws IOException {
        source = Files.createDirectory(work.resolve("source"));
        images = Files.createDirectory(work.resolve("images"));
    }

    private Path build() throws IOException {
        CreateOptions options = CreateOptions.builder(source)
                .blobDirectory(images)
                .bootstrapFile(images.resolve("boot"))
                .chunkSize(0x1000)
                .build();
        return new CreateImage(options, ProgressListener.NONE).run().bootstrap().orElseThrow();
    }

    private void unpack(Path bootstrap, BlobBackend blobs, Path directory) throws IOException {
        new UnpackImage(new UnpackOptions(bootstrap, blobs, directory, Form.DIRECTORY), ProgressListener.NONE).run();
    }

    @Test
    void refusesDirectoryThatIsNotEmpty() throws IOException {
        Files.writeString(source.resolve("a"), "new");
        Path target = Files.createDirectory(work.resolve("target"));
        Files.writeString(target.resolve("a"), "old");
        Path bootstrap = build();
        try (DirectoryBackend blobs = new DirectoryBackend(images)) {
            assertThatThrownBy(() -> unpack(bootstrap, blobs, target))
                    .isInstanceOf(IOException.class)
                    .hasMessage("directory \"" + target + "\" is not empty");
        }
        assertThat(target.resolve("a")).hasContent("old");
    }

    @Test
    void deepTreeComesBack() throws IOException, InterruptedException {
        Path deepest = source;
        for (int i = 0; i < 150; i++) {
            deepest = Files.createDirectory(deepest.resolve("d" + i));
            Files.writeString(deepest.resolve("z"), "file " + i);
        }
        Files.createLink(deepest.resolve("same"), source.resolve("d0").resolve("z"));
        Path target = work.resolve("target");
        Path bootstrap = build();
        try (DirectoryBackend blobs = new DirectoryBackend(images)) {
            unpack(bootstrap, blobs, target);
        }
        assertThat(Listing.ofDirectory(target)).isEqualTo(Listing.ofDirectory(source));
    }

    @Test
    void damagedDataLeavesNothing() throws IOException {
        for (int i = 0; i < 5; i++) {
            Path directory = Files.createDirectories(source.resolve("d" + i).resolve("e"));
            Files.write(directory.resolve("file"), new byte[] {(byte) i, 1, 2, 3});
        }
        Path bootstrap = build();
        Path target = work.resolve("target");
        Path empty = Files.createDirectory(work.resolve("empty"));
        Path blob;
        try (var files = Files.list(images)) {
            blob = files.filter(file -> String.valueOf(file.getFileName()).matches("[0-9a-f]{64}"))
                    .findFirst()
                    .orElseThrow();
        }
        byte[] bytes = Files.readAllBytes(blob);
        bytes[13] ^= 1;
        Files.write(blob, bytes);
        try (DirectoryBackend blobs = new DirectoryBackend(images)) {
            for (Path directory : List.of(target, empty)) {
                assertThatThrownBy(() -> unpack(bootstrap, blobs, directory)).isInstanceOf(IOException.class);
            }
        }
        assertThat(target).doesNotExist();
        assertThat(empty).isEmptyDirectory();
    }

    @Test
    void linksOfTheImageAreNotFollowed() throws IOException {
        Path outside = Files.createDirectory(work.resolve("outside"));
        Files.createSymbolicLink(source.resolve("link"), outside);
        Files.createSymbolicLink(source.resolve("up"), Path.of("../outside"));
        Files.writeString(source.resolve("file"), "text");
        Path bootstrap = build();
        Path target = work.resolve("target");
        try (DirectoryBackend blobs = new DirectoryBackend(images)) {
            unpack(bootstrap, blobs, target);
        }
        assertThat(outside).isEmptyDirectory();
        assertThat(Files.readSymbolicLink(target.resolve("link"))).isEqualTo(outside);
    }
}
