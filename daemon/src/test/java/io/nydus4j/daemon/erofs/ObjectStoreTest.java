package io.nydus4j.daemon.erofs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.Digest;
import io.nydus4j.blob.DigestAlgorithm;
import io.nydus4j.linux.file.Descriptor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Looks at what a store makes of what a crash may have left. */
class ObjectStoreTest {
    private static final String NAME = "a".repeat(64);

    @TempDir
    Path directory;

    private Path root;
    private Path run;

    @BeforeEach
    void prepare() throws IOException {
        root = directory.resolve("store");
        run = Files.createDirectory(directory.resolve("run"));
    }

    private FileId placed(ObjectStore store) throws IOException {
        FileId id = store.place(NAME, 5000).orElseThrow();
        assertThat(root.resolve("lazy").resolve(NAME)).hasSize(5000);
        assertThat(Files.isSameFile(
                        root.resolve("lazy").resolve(NAME), root.resolve("fill").resolve(NAME)))
                .isTrue();
        return id;
    }

    @Test
    void keepsOnlyWhatWasFilled() throws IOException {
        try (ObjectStore store = ObjectStore.open(root, run)) {
            StoreObject object = new StoreObject(NAME, 5000, placed(store));
            assertThat(placed(store)).isEqualTo(object.id());
            assertThat(store.isWhole(object.id())).isFalse();
            try (Descriptor file = store.writer(object)) {
                file.writeAt(0, new byte[] {1}, 0, 1);
            }
            store.keep(object);
            assertThat(store.isWhole(object.id())).isTrue();
        }
        try (ObjectStore store = ObjectStore.open(root, run)) {
            assertThat(store.place(NAME, 5000)).isEmpty();
            assertThat(root.resolve("lazy")).isEmptyDirectory();
            assertThat(root.resolve("fill")).isEmptyDirectory();
        }
    }

    @Test
    void findsAFileWhoseOtherNameIsMissing() throws IOException {
        try (ObjectStore store = ObjectStore.open(root, run)) {
            placed(store);
            Files.delete(root.resolve("lazy").resolve(NAME)); // died before it was linked
            FileId id = placed(store);
            Files.delete(root.resolve("fill").resolve(NAME));
            assertThat(placed(store)).isEqualTo(id);
        }
    }

    @Test
    void neverFillsAnotherFileThanIsRead() throws IOException {
        try (ObjectStore store = ObjectStore.open(root, run)) {
            StoreObject object = new StoreObject(NAME, 5000, placed(store));
            Files.delete(root.resolve("fill").resolve(NAME));
            Files.createFile(root.resolve("fill").resolve(NAME));
            assertThatThrownBy(() -> store.writer(object))
                    .isInstanceOf(IOException.class)
                    .hasMessageStartingWith("somebody replaced ");
            assertThat(placed(store)).isEqualTo(object.id());
        }
    }

    @Test
    void refusesAFileOfAnotherSizeThanItsNameSays() throws IOException {
        try (ObjectStore store = ObjectStore.open(root, run)) {
            placed(store);
            assertThatThrownBy(() -> store.place(NAME, 4000))
                    .isInstanceOf(IOException.class)
                    .hasMessageEndingWith("is no file of 4000 bytes, as its name says; remove it");
        }
    }

    @Test
    void isNotTakenWhileReadersMayWaitForTheSuccessorOfAnother() throws IOException {
        ObjectStore.open(root, run).close();
        Path other = Files.createDirectory(directory.resolve("other"));
        Files.createFile(run.resolve("erofs.json"));
        assertThatThrownBy(() -> ObjectStore.open(root, other))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("start it again with the run folder " + run + " first");
        Files.delete(run.resolve("erofs.json")); // that one ended well
        ObjectStore.open(root, other).close();
    }

    @Test
    void namesTellContentsApart() {
        Digest one = Digest.parse("01".repeat(32));
        Digest two = Digest.parse("02".repeat(32));
        assertThat(new String[] {
                    name(DigestAlgorithm.BLAKE3, 8, one, 4, two, 4),
                    name(DigestAlgorithm.SHA256, 8, one, 4, two, 4),
                    name(DigestAlgorithm.BLAKE3, 8, two, 4, one, 4),
                    name(DigestAlgorithm.BLAKE3, 8, one, 3, two, 5),
                    name(DigestAlgorithm.BLAKE3, 9, one, 4, two, 4)
                })
                .doesNotHaveDuplicates()
                .allMatch(name -> name.matches("[0-9a-f]{64}"));
        assertThat(name(DigestAlgorithm.BLAKE3, 8, one, 4, two, 4))
                .isEqualTo(name(DigestAlgorithm.BLAKE3, 8, one, 4, two, 4));
    }

    private static String name(
            DigestAlgorithm algorithm, long size, Digest first, int firstLength, Digest second, int secondLength) {
        ContentName name = new ContentName(algorithm, size);
        name.add(first, firstLength);
        name.add(second, secondLength);
        return name.text();
    }
}
