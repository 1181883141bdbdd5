package io.nydus4j.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.build.UnpackOptions.Form;
import io.nydus4j.linux.ChildJvm;
import io.nydus4j.storage.BlobBackend;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
        return Images.build(CreateOptions.builder(source).chunkSize(0x1000), images);
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

    /** What a child process runs: unpacks until it is killed. */
    static final class StuckUnpacking {
        private StuckUnpacking() {}

        /**
         * Unpacks.
         *
         * @param arguments bootstrap, directory of the blobs, and target
         */
        public static void main(String[] arguments) throws IOException {
            try (DirectoryBackend blobs = new DirectoryBackend(Path.of(arguments[1]))) {
                UnpackOptions options =
                        new UnpackOptions(Path.of(arguments[0]), blobs, Path.of(arguments[2]), Form.DIRECTORY);
                new UnpackImage(options, (step, done, total) -> {
                            System.out.println("stuck");
                            try {
                                Thread.sleep(60_000);
                            } catch (InterruptedException e) {
                                Thread.currentThread().interrupt();
                            }
                        })
                        .run();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"INT", "TERM"})
    void leavesNothingWhenTheProcessIsToldToEnd(String signal) throws IOException, InterruptedException {
        Path deep = Files.createDirectories(source.resolve("a/b/c"));
        Files.writeString(deep.resolve("first"), "1");
        Files.writeString(source.resolve("second"), "2");
        Path bootstrap = build();
        Path target = work.resolve("target");
        Process process = new ProcessBuilder(ChildJvm.command(
                        StuckUnpacking.class, bootstrap.toString(), images.toString(), target.toString()))
                .redirectError(work.resolve("errors").toFile())
                .start();
        assertThat(process.inputReader().readLine()).isEqualTo("stuck");
        assertThat(target.resolve("a/b/c/first")).hasContent("1");
        Root.run("kill", "-" + signal, Long.toString(process.pid()));
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isNotZero();
        assertThat(target).doesNotExist();
    }

    /** What a child process runs: looks at an image where nothing can be made. */
    static final class Looking {
        private Looking() {}

        /**
         * Unpacks the image into a directory.
         *
         * @param arguments bootstrap, directory of the blobs, and target
         */
        public static void main(String[] arguments) throws IOException {
            try (DirectoryBackend blobs = new DirectoryBackend(Path.of(arguments[1]))) {
                UnpackOptions options =
                        new UnpackOptions(Path.of(arguments[0]), blobs, Path.of(arguments[2]), Form.DIRECTORY);
                new UnpackImage(options, ProgressListener.NONE).run();
            }
        }
    }

    /** What is made there stays if the process is killed. */
    @Test
    void needsNoTemporaryFolderForABootstrap() throws IOException, InterruptedException {
        Files.writeString(source.resolve("file"), "content");
        Path bootstrap = build();
        Root.run(ChildJvm.command(
                List.of("-Djava.io.tmpdir=" + work.resolve("nowhere")),
                Looking.class,
                bootstrap.toString(),
                images.toString(),
                work.resolve("target").toString()));
        assertThat(work.resolve("target/file")).hasContent("content");
    }

    /** By somebody who may write to the target, between two steps of the work. */
    @Test
    void linksPutInPlaceOfFilesAreNotFollowed() throws IOException {
        Root.require();
        Path file = Files.writeString(source.resolve("file"), "text");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxrwxrwx"));
        Path bootstrap = build();
        Path outside = Files.writeString(work.resolve("outside"), "precious");
        Files.setPosixFilePermissions(outside, PosixFilePermissions.fromString("rw-------"));
        Files.setLastModifiedTime(outside, FileTime.fromMillis(1000));
        Path target = Files.createDirectory(work.resolve("target"));
        ProgressListener attacker = (step, done, total) -> {
            try {
                Files.delete(target.resolve("file"));
                Files.createSymbolicLink(target.resolve("file"), outside);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        };
        try (DirectoryBackend blobs = new DirectoryBackend(images)) {
            UnpackOptions options = new UnpackOptions(bootstrap, blobs, target, Form.DIRECTORY);
            assertThatThrownBy(() -> new UnpackImage(options, attacker).run())
                    .isInstanceOf(IOException.class)
                    .hasMessageStartingWith("failed to unpack \"/file\": fchmodat");
        }
        assertThat(outside).hasContent("precious");
        assertThat(Files.getPosixFilePermissions(outside)).isEqualTo(PosixFilePermissions.fromString("rw-------"));
        assertThat(Files.getLastModifiedTime(outside)).isEqualTo(FileTime.fromMillis(1000));
        assertThat(target).isEmptyDirectory();
    }
}
