package io.nydus4j.blob.digest;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.blob.Digest;
import io.nydus4j.blob.DigestAlgorithm;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Pieces of memory digested together, against each digested for itself. */
class Blake3GroupTest {
    private static final int BYTES = 3 << 20;

    private final byte[] data = new byte[BYTES];

    private void compare(DigestAlgorithm algorithm, int[] ends) {
        Digest[] digests = new Digest[ends.length];
        ChunkDigester together = new ChunkDigester();
        together.digestAll(algorithm, MemorySegment.ofArray(data), ends, ends.length, digests);
        ChunkDigester alone = new ChunkDigester();
        for (int i = 0, start = 0; i < ends.length; start = ends[i++]) {
            assertThat(digests[i])
                    .as("piece %d, bytes %d to %d", i, start, ends[i])
                    .isEqualTo(alone.digest(algorithm, data, start, ends[i] - start));
        }
    }

    /** Pieces of one size around whole chunks and full lanes. */
    @ParameterizedTest
    @ValueSource(
            ints = {1, 1023, 1024, 1025, 2048, 3071, 16384, 65536, 131072, 262143, 262144, 262145, 263168, 1 << 20})
    void piecesOfOneSizeHaveTheirOwnDigests(int size) {
        new Random(size).nextBytes(data);
        int[] ends = new int[Math.min(600, BYTES / size)];
        Arrays.setAll(ends, i -> (i + 1) * size);
        compare(DigestAlgorithm.BLAKE3, ends);
    }

    @ParameterizedTest
    @CsvSource({"1, 12", "2, 15", "3, 17", "4, 19"})
    void piecesOfRandomSizesHaveTheirOwnDigests(long seed, int sizeBits) {
        Random random = new Random(seed);
        random.nextBytes(data);
        int[] ends = new int[600];
        int count = 0;
        for (int end = 0; count < ends.length; count++) {
            int size = random.nextInt(1 << random.nextInt(sizeBits));
            end += random.nextInt(4) == 0 ? size / 1024 * 1024 : size; // some are empty
            if (end > BYTES) {
                break;
            }
            ends[count] = end;
        }
        compare(DigestAlgorithm.BLAKE3, Arrays.copyOf(ends, count));
    }

    @ParameterizedTest
    @EnumSource
    void noPiecesAndOneAreDigestedByEachAlgorithm(DigestAlgorithm algorithm) {
        new Random(7).nextBytes(data);
        compare(algorithm, new int[0]);
        compare(algorithm, new int[] {5000});
        compare(algorithm, new int[] {0, 5000, 5000, 9000});
    }
}
