package io.nydus4j.rafs.v6;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where inodes and contents go. */
final class V6MetaSpaceTest {
    /** The reference's own test of its allocation: directories of these sizes, one after the other, behind an empty file. */
    @Test
    void placesDirectoriesAsTheReferenceDoes() {
        V6MetaSpace space = new V6MetaSpace(4096, 0);
        space.file(32, 0);
        assertThat(space.offset()).isZero();
        assertThat(space.end()).isEqualTo(32);
        long[][] expected = {
            // size, inode, content (-1: none), inline, end
            {4064, 4096, -1, 1, 8192},
            {4096, 32, 8192, 0, 12288},
            {8160, 12288, 16384, 1, 20480},
            {8161, 64, 20480, 0, 28672},
            {8064, 96, 28672, 1, 32768},
            {6144, 32768, 36864, 1, 40960},
            {1985, 40960, -1, 1, 43008},
            {1984, 34848, -1, 1, 43008},
        };
        for (long[] row : expected) {
            space.flat(32, row[0]);
            assertThat(new long[] {
                        row[0],
                        space.offset(),
                        row[2] < 0 ? -1 : space.contentOffset(),
                        space.inline() ? 1 : 0,
                        space.end()
                    })
                    .isEqualTo(row);
        }
    }

    @ParameterizedTest
    @CsvSource({"4096, 1", "4096, 2", "512, 3", "512, 4"})
    void nothingOverlapsAndInlinedContentStaysInItsBlock(int blockSize, long seed) {
        Random random = new Random(seed);
        V6MetaSpace space = new V6MetaSpace(blockSize, 4096);
        List<long[]> ranges = new ArrayList<>();
        for (int i = 0; i < 20_000; i++) {
            int head = 64 + 4 * random.nextInt(random.nextInt(10) == 0 ? 400 : 20);
            switch (random.nextInt(3)) {
                case 0 -> {
                    int chunks = random.nextInt(random.nextInt(10) == 0 ? 700 : 4);
                    space.file(head, chunks);
                    ranges.add(new long[] {space.offset(), space.offset() + (head + 7) / 8 * 8L + 8L * chunks});
                }
                case 1 -> {
                    space.special(head);
                    ranges.add(new long[] {space.offset(), space.offset() + head});
                }
                default -> {
                    long size = random.nextInt(random.nextInt(10) == 0 ? 20_000 : 600);
                    space.flat(head, size);
                    long tail = space.inline() ? size % blockSize : 0;
                    ranges.add(new long[] {space.offset(), space.offset() + head + tail});
                    if (tail != 0) {
                        assertThat(space.offset() / blockSize)
                                .as("seed %s, step %s", seed, i)
                                .isEqualTo((space.offset() + head + tail - 1) / blockSize);
                    }
                    if (size != tail) {
                        assertThat(space.contentOffset() % blockSize)
                                .as("seed %s", seed)
                                .isZero();
                        ranges.add(new long[] {space.contentOffset(), space.contentOffset() + size - tail});
                    }
                }
            }
            assertThat(space.offset() % 32).isZero();
        }
        BitSet used = new BitSet();
        for (long[] range : ranges) {
            assertThat(range[1]).isLessThanOrEqualTo(space.end());
            int next = used.nextSetBit((int) range[0]);
            assertThat(next < 0 || next >= range[1]).as("seed %s", seed).isTrue();
            used.set((int) range[0], (int) range[1]);
        }
    }
}
