package io.nydus4j.blob.digest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.Digest;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares {@link Blake3} with the vectors of another implementation, in every way of feeding it. */
final class Blake3Test {
    record Vector(int length, Digest digest) {}

    static List<Vector> vectors() throws IOException {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(
                Objects.requireNonNull(Blake3Test.class.getResourceAsStream("blake3.txt")),
                StandardCharsets.US_ASCII))) {
            return lines.lines()
                    .filter(line -> !line.startsWith("#"))
                    .map(line -> line.split(" ", -1))
                    .map(f -> new Vector(Integer.parseInt(f[0]), Digest.parse(f[1])))
                    .toList();
        }
    }

    static byte[] pattern(int length) {
        byte[] data = new byte[length];
        for (int i = 0; i < length; i++) {
            data[i] = (byte) (i % 251);
        }
        return data;
    }

    @ParameterizedTest
    @MethodSource("vectors")
    void digestsAnArrayInOneShot(Vector vector) {
        Blake3 blake3 = new Blake3();
        byte[] data = pattern(vector.length());
        assertThat(blake3.digest(data, 0, data.length)).isEqualTo(vector.digest());
        byte[] shifted = new byte[data.length + 10];
        System.arraycopy(data, 0, shifted, 7, data.length);
        assertThat(blake3.digest(shifted, 7, data.length)).isEqualTo(vector.digest());
    }

    @ParameterizedTest
    @MethodSource("vectors")
    void digestsSegmentsOnAndOffTheHeap(Vector vector) {
        Blake3 blake3 = new Blake3();
        byte[] data = pattern(vector.length());
        assertThat(blake3.digest(MemorySegment.ofArray(data))).isEqualTo(vector.digest());
        assertThat(blake3.digest(MemorySegment.ofArray(data).asReadOnly())).isEqualTo(vector.digest());
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment off = arena.allocate(data.length + 1).asSlice(1, data.length);
            off.copyFrom(MemorySegment.ofArray(data));
            assertThat(blake3.digest(off)).isEqualTo(vector.digest());
            blake3.update(off);
            assertThat(blake3.digest()).isEqualTo(vector.digest());
        }
    }

    @ParameterizedTest
    @MethodSource("vectors")
    void digestsPiecesOfAnySize(Vector vector) {
        Blake3 blake3 = new Blake3();
        byte[] data = pattern(vector.length());
        for (long seed = 1; seed <= 8; seed++) {
            Random random = new Random(seed);
            int most = 1 << random.nextInt(21);
            int position = 0;
            while (position < data.length) {
                int count = Math.min(data.length - position, random.nextInt(most) + (most < 64 ? 64 : 1));
                blake3.update(data, position, count);
                position += count;
            }
            assertThat(blake3.digest()).as("seed %s", seed).isEqualTo(vector.digest());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 64, 1000, 1024, 1025})
    void digestsPiecesOfOneSize(int size) {
        byte[] data = pattern(20_000);
        Blake3 blake3 = new Blake3();
        for (int position = 0; position < data.length; position += size) {
            blake3.update(data, position, Math.min(size, data.length - position));
        }
        assertThat(blake3.digest()).isEqualTo(new Blake3().digest(data, 0, data.length));
    }

    @Test
    void countsChunksPastTwoToThe32InItsCounter() {
        // Two halves of the counter are used; only the lanes' carry can go wrong within reach of a test.
        int[] low = new int[16];
        int[] high = new int[16];
        byte[] chunk = pattern(1024);
        Blake3Block block = new Blake3Block();
        Blake3Rows rows = new Blake3Rows(1024);
        byte[] data = new byte[300 * 1024];
        for (int i = 0; i < 300; i++) {
            System.arraycopy(chunk, 0, data, i * 1024, 1024);
        }
        long counter = (1L << 32) - 100;
        rows.chunks(data, 0, 300, counter);
        for (int i = 0; i < 300; i++) {
            block.chunk(chunk, 0, 1024, counter + i, false, low);
            rows.valueAt(i, high);
            assertThat(Arrays.copyOf(high, 8)).as("chunk %s", i).isEqualTo(Arrays.copyOf(low, 8));
        }
    }

    @Test
    void forgetsUnfinishedInputWhenUsedInOneShot() {
        Blake3 blake3 = new Blake3();
        byte[] data = pattern(5000);
        blake3.update(data, 0, 4000);
        Digest once = blake3.digest(data, 0, 5000);
        assertThat(once).isEqualTo(new Blake3().digest(data, 0, 5000));
        blake3.update(data, 0, 4000);
        blake3.reset();
        assertThat(blake3.digest()).isEqualTo(new Blake3().digest(data, 0, 0));
    }

    @Test
    void refusesRangesOutsideOfTheArray() {
        Blake3 blake3 = new Blake3();
        assertThatThrownBy(() -> blake3.digest(new byte[4], 2, 3)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> blake3.update(new byte[4], -1, 1)).isInstanceOf(IndexOutOfBoundsException.class);
    }
}
