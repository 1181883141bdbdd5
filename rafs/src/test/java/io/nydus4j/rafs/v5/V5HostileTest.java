package io.nydus4j.rafs.v5;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.BootstrapDamage;
import io.nydus4j.rafs.BootstrapWalk;
import io.nydus4j.rafs.PrefetchRun;
import io.nydus4j.rafs.TestTree;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads images that were damaged at random, or made to waste time. */
final class V5HostileTest {
    private static final BootstrapDamage DAMAGE = new BootstrapDamage(0, 80, 8192);

    @ParameterizedTest
    @ValueSource(longs = {21, 22, 23})
    void damagedImagesAreRefusedOrRead(long seed) {
        DAMAGE.assertRefusedOrRead(V5RandomTreeTest.random(seed, 60).v5("/"), seed, V5Exploration::explore);
    }

    @Test
    void cutOffImagesAreRefusedOrRead() {
        byte[] sound = V5RandomTreeTest.random(31, 40).v5();
        for (int length = 0; length < sound.length; length += length < 8200 ? 97 : 8) {
            byte[] bytes = Arrays.copyOf(sound, length);
            assertThatCode(() -> V5Exploration.explore(bytes))
                    .as("length %s", length)
                    .doesNotThrowAnyException();
        }
    }

    /** An image of directories that share one range of children; without the parent it would take forever to walk. */
    @Test
    void directoriesCannotShareChildren() throws IOException {
        TestTree tree = new TestTree(4096);
        tree.directory("/a/x");
        tree.directory("/b/y");
        byte[] bytes = tree.v5();
        V5Bootstrap sound = V5Bootstrap.open(MemorySegment.ofArray(bytes), () -> {});
        MemorySegment file = MemorySegment.ofArray(bytes);
        int children = sound.inode(3).childIndex();
        file.set(V5Format.INT, sound.inode(2).recordOffset() + V5Inode.CHILD_INDEX, children);
        V5Bootstrap shared = V5Bootstrap.open(file, () -> {});
        assertThatThrownBy(() -> BootstrapWalk.preOrder(shared, (inode, walk) -> {}))
                .isInstanceOf(RafsFormatException.class)
                .hasMessageContaining("expected parent 2");
    }

    /** A prefetch table that names the root again and again. */
    @Test
    void prefetchTableTakesEachTreeOnce() throws IOException {
        TestTree tree = new TestTree(4096);
        for (int i = 0; i < 2000; i++) {
            tree.file("/f" + i, "x");
        }
        String[] roots = new String[100_000];
        Arrays.fill(roots, "/");
        V5Bootstrap image = tree.openV5(roots);
        int[] pieces = new int[1];
        Assertions.assertTimeout(
                Duration.ofSeconds(10),
                () -> PrefetchRun.prefetchFiles(image, 1, Optional.empty(), (vector, last) -> {
                    pieces[0] += vector.pieces().size();
                    vector.reset();
                }));
        assertThat(pieces[0]).isEqualTo(2000);
    }

    /** Slots that all lead to one record of many chunks. */
    @Test
    void recordsThatOverlapAreRefusedWhereAllAreLoaded() throws IOException {
        TestTree tree = new TestTree(4096);
        tree.file("/f", "x".repeat(4096 * 500));
        for (int i = 0; i < 500; i++) {
            tree.hardLink("/g" + i, "/f");
        }
        byte[] bytes = tree.v5();
        V5Bootstrap sound = V5Bootstrap.open(MemorySegment.ofArray(bytes), () -> {});
        MemorySegment file = MemorySegment.ofArray(bytes);
        int first = file.get(V5Format.INT, V5Superblock.SIZE + 4);
        for (int i = 2; i < sound.maxIno(); i++) {
            file.set(V5Format.INT, V5Superblock.SIZE + 4L * i, first);
        }
        byte[] shorter = Arrays.copyOf(
                bytes, (int) (sound.inode(2).recordOffset() + sound.inode(2).recordSize()));
        V5Bootstrap image = V5Bootstrap.open(MemorySegment.ofArray(shorter), () -> {});
        assertThatThrownBy(() -> V5TreeReader.read(image, 0)).isInstanceOf(RafsFormatException.class);
        assertThatThrownBy(image::validateDigests).hasMessageContaining("overlap");
    }
}
