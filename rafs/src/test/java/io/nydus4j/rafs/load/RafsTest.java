package io.nydus4j.rafs.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.GoldenImage;
import io.nydus4j.blob.PositionalSource;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.blob.toc.BlobTarHeader;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.BootstrapListing;
import io.nydus4j.rafs.Inode;
import io.nydus4j.rafs.RafsMode;
import io.nydus4j.rafs.RafsVersion;
import io.nydus4j.rafs.TestTree;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Loads, exchanges and closes images. */
final class RafsTest {
    @TempDir
    Path folder;

    private static final LoadOptions CACHED = LoadOptions.DEFAULT.withMode(RafsMode.CACHED);

    private static Path golden(String name) {
        return GoldenImage.root().resolve(name).resolve("boot");
    }

    private static String listing(Bootstrap bootstrap) throws IOException {
        List<String> lines = new ArrayList<>();
        BootstrapListing listing = new BootstrapListing(bootstrap);
        listing.inodes(lines::add);
        listing.blobs(lines::add);
        return String.join("\n", lines);
    }

    private Path file(String name, byte[] content) throws IOException {
        return Files.write(folder.resolve(name), content);
    }

    private static TestTree tree(String name) {
        TestTree tree = new TestTree(4096);
        tree.file("/" + name, name);
        return tree;
    }

    @Test
    void versionIsFoundInTheFile() throws IOException {
        try (Rafs v5 = Rafs.load(golden("v5-lz4-4k"), LoadOptions.DEFAULT);
                Rafs v6 = Rafs.load(golden("v6-lz4-4k"), LoadOptions.DEFAULT)) {
            assertThat(v5.superblock().version()).isEqualTo(RafsVersion.V5);
            assertThat(v6.superblock().version()).isEqualTo(RafsVersion.V6);
            assertThat(v5.byteSize()).isEqualTo(Files.size(golden("v5-lz4-4k")));
        }
    }

    @Test
    void cachedModeGivesTheSameAnswers() throws IOException {
        try (Rafs direct = Rafs.load(golden("v5-lz4-4k"), LoadOptions.DEFAULT);
                Rafs cached = Rafs.load(golden("v5-lz4-4k"), CACHED)) {
            assertThat(listing(cached)).isEqualTo(listing(direct));
            assertThat(cached.blobs()).isEqualTo(direct.blobs());
            assertThat(cached.mode()).isEqualTo(RafsMode.CACHED);
        }
    }

    @Test
    void cachedModeOutlivesTheFile() throws IOException {
        Path file = file("boot", tree("a").v5());
        try (Rafs cached = Rafs.load(file, CACHED)) {
            Files.write(file, new byte[0]);
            assertThat(cached.root().child(TestTree.bytes("a"))).isNotNull();
        }
    }

    @Test
    void cachedModeRefusesV6() {
        assertThatThrownBy(() -> Rafs.load(golden("v6-lz4-4k"), CACHED))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessage("Rafs v6 does not support cached mode");
    }

    @Test
    void cachedModeChecksAllInodesAtOnce() throws IOException {
        byte[] bytes = tree("a").v5();
        // The last inode is the file; its links lie 88 bytes in.
        int record = bytes.length - (128 + 8 + 80);
        bytes[record + 88] = 0;
        Path file = file("boot", bytes);
        assertThatCode(() -> Rafs.load(file, LoadOptions.DEFAULT).close()).doesNotThrowAnyException();
        assertThatThrownBy(() -> Rafs.load(file, CACHED)).isInstanceOf(RafsFormatException.class);
    }

    @ParameterizedTest
    @EnumSource
    void digestsAreCheckedWhereAskedFor(RafsMode mode) throws IOException {
        byte[] bytes = tree("a").v5();
        bytes[bytes.length - (128 + 8 + 80)] ^= 1;
        Path file = file("boot", bytes);
        LoadOptions options = LoadOptions.DEFAULT.withMode(mode);
        assertThatCode(() -> Rafs.load(file, options).close()).doesNotThrowAnyException();
        assertThatThrownBy(() -> Rafs.load(file, options.withValidateDigests(true)))
                .isInstanceOf(RafsFormatException.class)
                .hasMessageContaining("invalid inode digest");
        Path sound = file("sound", tree("a").v5());
        assertThatCode(() -> Rafs.load(sound, options.withValidateDigests(true)).close())
                .doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 100, 4096, 8191, 8192, 20000})
    void fileOfZerosIsNoImage(int size) throws IOException {
        Path file = file("zeros", new byte[size]);
        assertThatThrownBy(() -> Rafs.load(file, LoadOptions.DEFAULT))
                .isInstanceOf(RafsFormatException.class)
                .hasMessageContaining("invalid RAFS superblock");
    }

    @Test
    void missingFileIsSaidToBeMissing() {
        assertThatThrownBy(() -> Rafs.load(folder.resolve("none"), LoadOptions.DEFAULT))
                .isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void inlinedBootstrapIsNamedByItsFile() throws IOException {
        Path extracted = GoldenImage.bootstrap("v5-inline");
        Path renamed = Files.copy(extracted, folder.resolve("other.image.boot"));
        try (Rafs rafs = Rafs.load(extracted, LoadOptions.DEFAULT);
                Rafs other = Rafs.load(renamed, LoadOptions.DEFAULT)) {
            assertThat(rafs.blobs().getFirst().id()).isEqualTo("x".repeat(64));
            assertThat(rafs.blobs().getFirst().effectiveId()).isEqualTo(Rafs.blobId(extracted));
            assertThat(other.blobs().getFirst().effectiveId()).isEqualTo("other");
        }
    }

    @Test
    void separateBootstrapKeepsItsBlobsIds() throws IOException {
        Path file = Files.copy(golden("v5-lz4-4k"), folder.resolve("other.boot"));
        try (Rafs rafs = Rafs.load(file, LoadOptions.DEFAULT)) {
            assertThat(rafs.blobs().getFirst().pathId()).isEmpty();
        }
    }

    /** Blobs of a golden image, extracted into the test's folder. */
    private LoadOptions.InlinedBlobs blobs(String image) {
        return new LoadOptions.InlinedBlobs() {
            @Override
            public PositionalSource open(String blobId) throws IOException {
                byte[] blob =
                        Files.readAllBytes(GoldenImage.root().resolve(image).resolve(blobId));
                return PositionalSource.of(MemorySegment.ofArray(blob));
            }

            @Override
            public Path target(String blobId) {
                return folder.resolve(blobId + ".image.boot");
            }
        };
    }

    private static Path blob(String image) throws IOException {
        try (Stream<Path> files = Files.list(GoldenImage.root().resolve(image))) {
            return files.filter(file -> file.getFileName().toString().matches("[0-9a-f]{64}"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"v5-inline", "v6-inline"})
    void bootstrapIsTakenOutOfItsBlob(String image) throws IOException {
        Path blob = blob(image);
        LoadOptions options = LoadOptions.DEFAULT.withInlinedBlobs(blobs(image));
        try (Rafs rafs = Rafs.load(blob, options)) {
            String id = blob.getFileName().toString();
            assertThat(rafs.blobs().getFirst().effectiveId()).isEqualTo(id);
            assertThat(listing(rafs).lines().count())
                    .isEqualTo(Files.readAllLines(
                                    GoldenImage.root().resolve(image).resolve("check.txt"), StandardCharsets.ISO_8859_1)
                            .size());
            assertThat(Files.readAllBytes(folder.resolve(id + ".image.boot")))
                    .isEqualTo(Files.readAllBytes(blob.resolveSibling(id + ".image.boot")));
        }
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).as("nothing is left over").hasSize(1);
        }
    }

    @Test
    void extractedBootstrapIsKeptIfItsDigestIsRight() throws IOException {
        String image = "v6-inline";
        Path target = folder.resolve(blob(image).getFileName() + ".image.boot");
        LoadOptions options = LoadOptions.DEFAULT.withInlinedBlobs(blobs(image));
        Rafs.load(blob(image), options).close();
        Files.setLastModifiedTime(target, FileTime.fromMillis(1000));
        Rafs.load(blob(image), options).close();
        assertThat(Files.getLastModifiedTime(target).toMillis()).isEqualTo(1000);
        byte[] sound = Files.readAllBytes(target);
        byte[] damaged = sound.clone();
        damaged[2000] ^= 1;
        Files.write(target, damaged);
        Rafs.load(blob(image), options).close();
        assertThat(Files.readAllBytes(target)).isEqualTo(sound);
    }

    @Test
    void blobWithoutABootstrapLeavesTheFirstError() throws IOException {
        Path blob = blob("v5-lz4-4k");
        LoadOptions options = LoadOptions.DEFAULT.withInlinedBlobs(blobs("v5-lz4-4k"));
        assertThatThrownBy(() -> Rafs.load(blob, options))
                .isInstanceOf(RafsFormatException.class)
                .hasMessageContaining("invalid RAFS superblock")
                .satisfies(error -> assertThat(error.getSuppressed()).hasSize(1));
    }

    @Test
    void oldBlobsGetTheFileNameOnlyWhenTheyWereExtracted() throws IOException {
        // A blob that says nothing of tables of contents, with its bootstrap behind it.
        byte[] boot = tree("a").v5();
        MemorySegment memory = MemorySegment.ofArray(boot);
        long extended = memory.get(ValueLayout.JAVA_LONG_UNALIGNED, 72);
        memory.set(ValueLayout.JAVA_INT_UNALIGNED, extended + 4, 0);
        byte[] header = new BlobTarHeader("image.boot", boot.length).toBytes();
        byte[] blob = new byte[512 + boot.length + header.length];
        System.arraycopy(boot, 0, blob, 512, boot.length);
        System.arraycopy(header, 0, blob, 512 + boot.length, header.length);
        LoadOptions options = LoadOptions.DEFAULT.withInlinedBlobs(new LoadOptions.InlinedBlobs() {
            @Override
            public PositionalSource open(String blobId) {
                return PositionalSource.of(MemorySegment.ofArray(blob));
            }

            @Override
            public Path target(String blobId) {
                return folder.resolve(blobId + ".image.boot");
            }
        });
        try (Rafs separate = Rafs.load(file("name.boot", boot), options);
                Rafs inlined = Rafs.load(file("name.blob", blob), options)) {
            assertThat(separate.blobs().getFirst().features()).isEqualTo(BlobFeatures.EMPTY);
            assertThat(separate.blobs().getFirst().effectiveId()).isEqualTo("b".repeat(64));
            assertThat(inlined.blobs().getFirst().effectiveId()).isEqualTo("name");
        }
    }

    @Test
    void updateShowsTheNewTreeAndKeepsTheOldOne() throws IOException {
        Path first = file("first", tree("a").v5());
        Path second = file("second", tree("b").v5());
        try (Rafs rafs = Rafs.load(first, LoadOptions.DEFAULT)) {
            Inode oldRoot = rafs.root();
            Bootstrap old = rafs.update(second);
            assertThat(rafs.root().child(TestTree.bytes("b"))).isNotNull();
            assertThat(rafs.root().child(TestTree.bytes("a"))).isNull();
            assertThat(oldRoot.child(TestTree.bytes("a")))
                    .as("old views live on")
                    .isNotNull();
            old.close();
            assertThatThrownBy(() -> oldRoot.child(TestTree.bytes("a"))).isInstanceOf(IllegalStateException.class);
            assertThat(rafs.root().child(TestTree.bytes("b"))).isNotNull();
        }
    }

    @Test
    void updateThatDoesNotFitChangesNothing() throws IOException {
        Path first = file("first", tree("a").v5());
        Path noBlob = file("second", new TestTree(4096).v5());
        byte[] broken = tree("b").v5();
        broken[8] = 1;
        Path brokenFile = file("broken", broken);
        Path shortFile = file("short", new byte[100]);
        try (Rafs rafs = Rafs.load(first, LoadOptions.DEFAULT)) {
            assertThatThrownBy(() -> rafs.update(noBlob))
                    .isInstanceOf(RafsFormatException.class)
                    .hasMessageContaining("expected 1 blobs as before, found 0");
            assertThatThrownBy(() -> rafs.update(brokenFile)).isInstanceOf(RafsFormatException.class);
            assertThatThrownBy(() -> rafs.update(shortFile)).isInstanceOf(RafsFormatException.class);
            assertThatThrownBy(() -> rafs.update(golden("v6-lz4-4k")))
                    .hasMessageContaining("expected RAFS V5, found V6");
            assertThat(rafs.root().child(TestTree.bytes("a"))).isNotNull();
        }
    }

    @Test
    void cachedImageCannotBeUpdated() throws IOException {
        Path file = file("boot", tree("a").v5());
        try (Rafs rafs = Rafs.load(file, CACHED)) {
            assertThatThrownBy(() -> rafs.update(file)).isInstanceOf(UnsupportedOperationException.class);
        }
    }

    @Test
    void closeEndsAllViewsAndMayComeTwice() throws IOException {
        Path first = file("first", tree("a").v5());
        Rafs rafs = Rafs.load(first, LoadOptions.DEFAULT);
        Inode oldRoot = rafs.root();
        Bootstrap old = rafs.update(first);
        Inode root = rafs.root();
        rafs.close();
        rafs.close();
        old.close();
        byte[] name = TestTree.bytes("a");
        assertThatThrownBy(() -> root.child(name)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> oldRoot.child(name)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(rafs::root).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void readersGoOnWhileImagesAreExchanged() throws Exception {
        Path first = file("first", tree("a").v5());
        Path second = file("second", tree("b").v5());
        AtomicBoolean done = new AtomicBoolean();
        AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
        try (Rafs rafs = Rafs.load(first, LoadOptions.DEFAULT)) {
            List<Thread> readers = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                readers.add(Thread.ofPlatform().start(() -> read(rafs, done, failure)));
            }
            for (int i = 0; i < 200; i++) {
                rafs.update(i % 2 == 0 ? second : first);
            }
            done.set(true);
            for (Thread reader : readers) {
                reader.join();
            }
        }
        assertThat(failure.get()).isNull();
    }

    private static void read(Rafs rafs, AtomicBoolean done, AtomicReference<@Nullable Throwable> failure) {
        try {
            while (!done.get()) {
                Inode root = rafs.root();
                boolean a = root.child(TestTree.bytes("a")) != null;
                boolean b = root.child(TestTree.bytes("b")) != null;
                if (a == b) {
                    throw new AssertionError("a view shows two trees");
                }
            }
        } catch (Exception | AssertionError e) {
            failure.set(e);
        }
    }

    @Test
    void closeIsSafeWhileOthersRead() throws Exception {
        Path file = file("first", tree("a").v5());
        for (int round = 0; round < 50; round++) {
            Rafs rafs = Rafs.load(file, LoadOptions.DEFAULT);
            AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
            Thread reader = Thread.ofPlatform().start(() -> read(rafs, new AtomicBoolean(), failure));
            Thread.onSpinWait();
            rafs.close();
            reader.join();
            assertThat(failure.get()).isInstanceOf(IllegalStateException.class);
        }
    }
}
