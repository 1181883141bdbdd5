package io.nydus4j.rafs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.v5.V5Bootstrap;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Prefetches by the image's table and by a caller's list. */
final class PrefetchRunTest {
    /** 1 /, 2 a, 3 b, 4 d, 5 l, 6 d/c, 7 d/e, 8 d/link to b, 9 d/e/g; sizes are distinct. */
    private static TestTree tree() {
        TestTree tree = new TestTree(4096);
        tree.file("/a", "1");
        tree.file("/b", "22");
        tree.file("/d/c", "");
        tree.file("/d/e/g", "4444");
        tree.hardLink("/d/link", "/b");
        tree.symlink("/l", "a");
        return tree;
    }

    /** Collects the sizes of the pieces in the order in which they come, fetching each vector at once. */
    private static boolean run(Bootstrap image, Optional<List<Long>> files, List<Integer> sizes) throws IOException {
        return PrefetchRun.prefetchFiles(image, 1, files, (vector, last) -> {
            vector.pieces().forEach(piece -> {
                assertThat(piece.user()).isFalse();
                sizes.add(piece.size());
            });
            vector.reset();
        });
    }

    @Test
    void tableOfTheImageIsTaken() throws IOException {
        List<Integer> sizes = new ArrayList<>();
        assertThat(run(tree().openV5("/d/e", "/a"), Optional.empty(), sizes)).isFalse();
        assertThat(sizes).containsExactly(4, 1);
    }

    @Test
    void rootInTheTableIsReported() throws IOException {
        List<Integer> sizes = new ArrayList<>();
        assertThat(run(tree().openV5("/"), Optional.empty(), sizes)).isTrue();
        assertThat(sizes).as("a file of two names comes once").containsExactly(1, 2, 4);
    }

    @Test
    void imageWithoutTableHasNothingToFetch() throws IOException {
        List<Integer> sizes = new ArrayList<>();
        assertThat(run(tree().openV5(), Optional.empty(), sizes)).isFalse();
        assertThat(sizes).isEmpty();
    }

    @Test
    void zeroEndsTheTable() throws IOException {
        byte[] bytes = tree().v5("/a", "/b", "/d/e");
        V5Bootstrap sound = V5Bootstrap.open(MemorySegment.ofArray(bytes), () -> {});
        MemorySegment file = MemorySegment.ofArray(bytes);
        file.set(ValueLayout.JAVA_INT_UNALIGNED, sound.layout().prefetchTableOffset() + 4, 0);
        List<Integer> sizes = new ArrayList<>();
        V5Bootstrap image = V5Bootstrap.open(file, () -> {});
        assertThat(image.prefetchTable()).as("the raw table").containsExactly(2L, 0L, 7L);
        run(image, Optional.empty(), sizes);
        assertThat(sizes).containsExactly(1);
    }

    @Test
    void callersListReplacesTheTable() throws IOException {
        List<Integer> sizes = new ArrayList<>();
        assertThat(run(tree().openV5("/"), Optional.of(List.of(1L)), sizes)).isFalse();
        assertThat(sizes).containsExactly(1, 2, 4);
        sizes.clear();
        run(tree().openV5("/"), Optional.of(List.of()), sizes);
        assertThat(sizes).as("an empty list counts").isEmpty();
        run(tree().openV5("/"), Optional.of(List.of(3L, 4L)), sizes);
        assertThat(sizes)
                .as("the hard link below the directory was taken already")
                .containsExactly(2, 4);
    }

    @Test
    void linksDevicesAndEmptyFilesAreNotFetched() throws IOException {
        List<Integer> sizes = new ArrayList<>();
        run(tree().openV5("/l", "/d/c"), Optional.empty(), sizes);
        assertThat(sizes).isEmpty();
    }

    @Test
    void vectorGrowsUntilItIsResetAndIsFlushedAtTheEnd() throws IOException {
        List<Long> sizes = new ArrayList<>();
        List<Long> flushed = new ArrayList<>();
        PrefetchRun.prefetchFiles(
                tree().openV5("/"), 1, Optional.empty(), (vector, last) -> (last ? flushed : sizes).add(vector.size()));
        assertThat(sizes).containsExactly(1L, 3L, 7L);
        assertThat(flushed).containsExactly(7L);
    }

    @Test
    void missingInodeFailsTheRun() throws IOException {
        V5Bootstrap image = tree().openV5();
        assertThatThrownBy(() -> run(image, Optional.of(List.of(99L)), new ArrayList<>()))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("Failed to prefetch data: ")
                .hasCauseInstanceOf(RafsFormatException.class);
    }

    @Test
    void descendantsAreFilesWithContentDirectoryByDirectory() throws IOException {
        TestTree tree = new TestTree(4096);
        tree.file("/a/f", "x".repeat(2048));
        tree.file("/b", "x".repeat(1024));
        tree.file("/c", "");
        V5Bootstrap image = tree.openV5();
        assertThat(PrefetchRun.descendants(image, image.root())).containsExactly(3L, 5L);
        Inode file = image.inode(3);
        assertThatThrownBy(() -> PrefetchRun.descendants(image, file)).isInstanceOf(RafsFormatException.class);
    }
}
