package io.nydus4j.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.BlobDigestException;
import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.Compression;
import io.nydus4j.build.ProgressListener.Step;
import io.nydus4j.build.layer.WhiteoutSpec;
import io.nydus4j.linux.ChildJvm;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.OpenFlags;
import io.nydus4j.linux.file.PosixFiles;
import io.nydus4j.rafs.Inode;
import io.nydus4j.rafs.RafsVersion;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Builds of special trees and to special places. */
final class CreateImageTest {
    private static final byte[] STRANGE = {'n', (byte) 0xE4, '\n', (byte) 0xFF, (byte) 0x80};

    @TempDir
    private Path work;

    private Path source;
    private Path output;

    @BeforeEach
    void makeDirectories() throws IOException {
        source = Files.createDirectory(work.resolve("source"));
        output = Files.createDirectory(work.resolve("output"));
    }

    private CreateOptions.Builder options() {
        return CreateOptions.builder(source).blobDirectory(output).threads(2);
    }

    private static BuildResult build(CreateOptions.Builder options) throws IOException {
        return new CreateImage(options.build(), ProgressListener.NONE).run();
    }

    private Rafs load(BuildResult result) throws IOException {
        return Rafs.load(result.bootstrap().orElseThrow(), LoadOptions.DEFAULT);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static Inode child(Inode directory, byte[] name) throws IOException {
        Inode child = directory.child(name);
        assertThat(child).as("child %s", Arrays.toString(name)).isNotNull();
        return Objects.requireNonNull(child);
    }

    @ParameterizedTest
    @EnumSource(RafsVersion.class)
    void emptyTreeHasNoBlob(RafsVersion version) throws IOException {
        BuildResult result = build(options().version(version));
        assertThat(result.blobs()).isEmpty();
        assertThat(result.lastBlobSize()).isZero();
        assertThat(output.toFile().list()).hasSize(2);
        try (Rafs image = load(result)) {
            assertThat(image.root().childCount()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(RafsVersion.class)
    void sparseFileBecomesOneChunkManyTimes(RafsVersion version) throws IOException {
        try (RandomAccessFile file =
                new RandomAccessFile(source.resolve("sparse").toFile(), "rw")) {
            file.setLength(100_000_001);
        }
        BuildResult result = build(options().version(version).compression(Compression.LZ4_BLOCK));
        try (Rafs image = load(result)) {
            Inode sparse = child(image.root(), bytes("sparse"));
            assertThat(sparse.size()).isEqualTo(100_000_001);
            assertThat(sparse.chunkCount()).isEqualTo(96);
            assertThat(sparse.chunkLength(95)).isEqualTo(100_000_001 - 95 * 0x10_0000);
            assertThat(image.blobs().getFirst().chunkCount()).isEqualTo(2);
        }
        assertThat(result.trace().registeredEvents()).containsEntry("dedup_chunks", 94L);
    }

    @ParameterizedTest
    @EnumSource(RafsVersion.class)
    void cacheFileOfAlignedChunksEndsWhereAPageDoes(RafsVersion version) throws IOException {
        Files.write(source.resolve("file"), new byte[4097]);
        BuildResult result = new CreateImage(
                        CreateOptions.builder(source)
                                .version(version)
                                .alignedChunks(true)
                                .blobCacheDirectory(output)
                                .bootstrapFile(work.resolve("boot"))
                                .build(),
                        ProgressListener.NONE)
                .run();
        assertThat(output.resolve(result.blobs().getFirst() + ".blob.data")).hasSize(8192);
    }

    @Test
    void hardLinksShareOneInodeAndTheirData() throws IOException {
        byte[] content = new byte[50_000];
        new Random(1).nextBytes(content);
        Files.write(source.resolve("z"), content);
        Files.createLink(source.resolve("a"), source.resolve("z"));
        Files.createDirectory(source.resolve("m"));
        Files.createLink(source.resolve("m/b"), source.resolve("z"));
        BuildResult result = build(options().chunkSize(0x1000));
        try (Rafs image = load(result)) {
            Inode first = child(image.root(), bytes("a"));
            assertThat(first.linkCount()).isEqualTo(3);
            assertThat(child(image.root(), bytes("z")).ino()).isEqualTo(first.ino());
            assertThat(image.blobs().getFirst().chunkCount()).isEqualTo(13);
        }
        assertThat(result.trace().registeredEvents()).doesNotContainKey("dedup_chunks");
    }

    @ParameterizedTest
    @EnumSource(RafsVersion.class)
    void treeMayBeDeeperThanAPathIsLong(RafsVersion version) throws IOException {
        int depth = 300;
        byte[] name = bytes("d".repeat(100));
        Descriptor current = PosixFiles.openDirectory(Descriptor.WORKING_DIRECTORY, bytes(source.toString()));
        for (int i = 0; i < depth; i++) {
            PosixFiles.makeDirectory(current, name, 0755);
            Descriptor next = PosixFiles.openDirectory(current, name);
            current.close();
            current = next;
        }
        try (Descriptor file = PosixFiles.open(current, bytes("file"), OpenFlags.WRITE_ONLY | OpenFlags.CREATE, 0644)) {
            file.write(bytes("deep"), 0, 4);
        }
        current.close();
        try (Rafs image = load(build(options().version(version)))) {
            Inode inode = image.root();
            for (int i = 0; i < depth; i++) {
                inode = child(inode, name);
            }
            assertThat(child(inode, bytes("file")).size()).isEqualTo(4);
        }
        Root.removeTree(source);
    }

    /** What a child process runs: a build with defaults. */
    static final class PlainBuild {
        private PlainBuild() {}

        /**
         * Builds.
         *
         * @param arguments source and output directory
         */
        public static void main(String[] arguments) throws IOException {
            BuildResult result =
                    build(CreateOptions.builder(Path.of(arguments[0])).blobDirectory(Path.of(arguments[1])));
            System.out.println(result.bootstrap().orElseThrow().getFileName());
        }
    }

    @Test
    void namesAreBytesInEveryLocale() throws IOException, InterruptedException {
        try (Descriptor root = PosixFiles.openDirectory(Descriptor.WORKING_DIRECTORY, bytes(source.toString()))) {
            PosixFiles.makeDirectory(root, STRANGE, 0755);
            try (Descriptor directory = PosixFiles.openDirectory(root, STRANGE);
                    Descriptor file =
                            PosixFiles.open(directory, STRANGE, OpenFlags.WRITE_ONLY | OpenFlags.CREATE, 0644)) {
                file.write(STRANGE, 0, STRANGE.length);
                PosixFiles.makeSymlink(STRANGE, directory, bytes("link"));
            }
        }
        BuildResult here = build(options());
        try (Rafs image = load(here)) {
            Inode directory = child(image.root(), STRANGE);
            assertThat(child(directory, STRANGE).size()).isEqualTo(STRANGE.length);
            assertThat(child(directory, bytes("link")).symlinkTarget()).isEqualTo(STRANGE);
        }
        for (String locale : List.of("C", "C.UTF-8")) {
            Path other = Files.createDirectory(work.resolve("output-" + locale));
            ProcessBuilder builder = new ProcessBuilder(
                            ChildJvm.command(PlainBuild.class, source.toString(), other.toString()))
                    .redirectError(ProcessBuilder.Redirect.INHERIT);
            builder.environment().put("LC_ALL", locale);
            Process process = builder.start();
            assertThat(process.inputReader().readLine())
                    .as("name of the bootstrap, its digest, in locale %s", locale)
                    .isEqualTo(String.valueOf(here.bootstrap().orElseThrow().getFileName()));
            assertThat(process.waitFor()).isZero();
        }
        Root.removeTree(source);
    }

    @Test
    void everyNumberOfThreadsGivesTheSameBytes() throws IOException {
        Random random = new Random(7);
        for (int i = 0; i < 3000; i++) {
            byte[] content = new byte[random.nextInt(3) == 0 ? random.nextInt(40_000) : random.nextInt(600)];
            if (random.nextBoolean()) {
                random.nextBytes(content);
            }
            Path directory = Files.createDirectories(source.resolve("d" + i % 37));
            Files.write(directory.resolve("f" + i), content);
        }
        List<String> names = new ArrayList<>();
        for (int threads : new int[] {1, 2, 3, 8, 32}) {
            BuildResult result =
                    build(options().threads(threads).chunkSize(0x4000).batchSize(0x4000));
            names.add(result.bootstrap().orElseThrow() + " " + result.blobs());
        }
        assertThat(names).containsOnly(names.getFirst());
    }

    @Test
    void fifoTakesTheBlobAsItIsWritten() throws Exception {
        byte[] content = new byte[3_000_000];
        new Random(3).nextBytes(content);
        Files.write(source.resolve("file"), content);
        Path fifo = work.resolve("fifo");
        Root.run("mkfifo", fifo.toString());
        FutureTask<byte[]> reader = new FutureTask<>(() -> Files.readAllBytes(fifo));
        Thread.ofPlatform().start(reader);
        BuildResult toFifo = build(CreateOptions.builder(source).blobFile(fifo).inlineMeta(true));
        BuildResult toDirectory = build(options().inlineMeta(true));
        assertThat(toFifo.blobs()).isEqualTo(toDirectory.blobs());
        assertThat(reader.get())
                .isEqualTo(Files.readAllBytes(output.resolve(toDirectory.blobs().getFirst())));
        assertThat(Files.exists(fifo)).isTrue();
    }

    @Test
    void fileOfTheSameDigestIsKept() throws IOException {
        Files.writeString(source.resolve("file"), "content");
        BuildResult first = build(options());
        Path blob = output.resolve(first.blobs().getFirst());
        Object inode = Files.getAttribute(blob, "unix:ino");
        build(options());
        assertThat(Files.getAttribute(blob, "unix:ino")).isEqualTo(inode);
        assertThat(output.toFile().list()).hasSize(3);
    }

    @Test
    void inlinedBootstrapIsFoundInItsBlob() throws IOException {
        Files.writeString(source.resolve("file"), "content ".repeat(1000));
        BuildResult result = build(options().inlineMeta(true).blobToc(true));
        assertThat(result.bootstrap()).isEmpty();
        assertThat(output.toFile().list()).containsExactly(result.blobs().getFirst());
        try (DirectoryBackend blobs = new DirectoryBackend(output)) {
            Path blob = output.resolve(result.blobs().getFirst());
            CheckResult check =
                    new CheckImage(new CheckOptions(blob, Optional.of(blobs), true, 2), ProgressListener.NONE).run();
            assertThat(check.blobs().getFirst().effectiveId())
                    .isEqualTo(result.blobs().getFirst());
            assertThat(check.verifiedBytes()).isEqualTo(8000);
            assertThat(check.blobs().getFirst().features().has(BlobFeatures.INLINED_FS_META))
                    .isTrue();
        }
        assertThat(output.toFile().list()).containsExactly(result.blobs().getFirst());
    }

    @Test
    void whiteoutsAreDroppedFromABaseImage() throws IOException {
        Files.writeString(source.resolve("kept"), "k");
        Files.writeString(source.resolve(".wh.gone"), "");
        Files.createDirectories(source.resolve(".wh.dir/below"));
        Files.createDirectory(source.resolve("opaque"));
        Files.writeString(source.resolve("opaque/.wh..wh..opq"), "");
        try (Rafs image = load(build(options()))) {
            assertThat(image.root().childCount()).isEqualTo(2);
            assertThat(child(image.root(), bytes("opaque")).childCount()).isZero();
        }
        try (Rafs image = load(build(options().whiteoutSpec(WhiteoutSpec.NONE)))) {
            assertThat(image.root().childCount()).isEqualTo(4);
        }
    }

    @Test
    void progressEndsAtTheTotal() throws IOException {
        Files.write(source.resolve("file"), new byte[5_000_000]);
        AtomicLong scanned = new AtomicLong();
        AtomicLong stored = new AtomicLong();
        new CreateImage(options().build(), (step, done, total) -> {
                    if (step == Step.SCAN) {
                        scanned.set(done);
                    } else if (step == Step.STORE) {
                        assertThat(total).isEqualTo(5_000_000);
                        assertThat(done).isGreaterThan(stored.getAndSet(done));
                    }
                })
                .run();
        assertThat(scanned).hasValue(1);
        assertThat(stored).hasValue(5_000_000);
    }

    @Test
    void damagedBlobIsFoundByACheckOfItsData() throws IOException {
        byte[] content = new byte[100_000];
        new Random(5).nextBytes(content);
        Files.write(source.resolve("file"), content);
        BuildResult result = build(options());
        Path blob = output.resolve(result.blobs().getFirst());
        try (RandomAccessFile file = new RandomAccessFile(blob.toFile(), "rw")) {
            file.seek(77_777);
            int old = file.read();
            file.seek(77_777);
            file.write(old ^ 0x10);
        }
        try (DirectoryBackend blobs = new DirectoryBackend(output)) {
            CheckOptions check = new CheckOptions(result.bootstrap().orElseThrow(), Optional.of(blobs), true, 2);
            assertThatThrownBy(() -> new CheckImage(check, ProgressListener.NONE).run())
                    .isInstanceOf(BlobDigestException.class)
                    .hasMessageContaining("chunk 0 of blob " + result.blobs().getFirst());
            Path archive = work.resolve("archive.tar");
            UnpackOptions unpack = new UnpackOptions(result.bootstrap().orElseThrow(), blobs, archive);
            assertThatThrownBy(() -> new UnpackImage(unpack, ProgressListener.NONE).run())
                    .isInstanceOf(BlobDigestException.class);
            assertThat(archive).doesNotExist();
        }
    }

    @Test
    void repeatedBuildsAreEqual() throws IOException {
        Files.writeString(source.resolve("file"), "content");
        build(options());
        build(options());
        try (Stream<Path> files = Files.list(output)) {
            assertThat(files).hasSize(3);
        }
    }

    /** The id is not a digest of the blob. */
    @Test
    void replacesABlobOfTheSameId() throws IOException {
        for (String content : List.of("one", "another")) {
            Path tree = Files.createDirectory(work.resolve(content));
            Files.writeString(tree.resolve("file"), content);
            Path images = Files.createDirectories(work.resolve("images"));
            Path bootstrap = Images.build(CreateOptions.builder(tree).blobId("id"), images);
            try (DirectoryBackend blobs = new DirectoryBackend(images)) {
                CheckOptions check = new CheckOptions(bootstrap, Optional.of(blobs), true, 1);
                assertThat(new CheckImage(check, ProgressListener.NONE).run().verifiedChunks())
                        .isEqualTo(1);
            }
        }
    }
}
