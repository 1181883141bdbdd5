package io.nydus4j.blob.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.RafsFormatException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What every codec that compresses must do. */
abstract class CodecContractTest {
    abstract Codec codec();

    static IntStream lengths() {
        return IntStream.of(
                1, 2, 11, 12, 13, 15, 16, 64, 100, 255, 256, 1000, 4095, 4096, 65535, 65536, 131072, 1 << 20,
                3_000_001);
    }

    /** Text-like bytes that compress to about a half. */
    static byte[] compressible(int length) {
        SplittableRandom random = new SplittableRandom(length);
        byte[] data = new byte[length];
        for (int i = 0; i < length; i++) {
            boolean repeat = i > 40 && random.nextInt(4) != 0;
            data[i] = repeat ? data[i - 1 - random.nextInt(2) * 30] : (byte) ('a' + random.nextInt(26));
        }
        return data;
    }

    static byte[] noise(int length) {
        byte[] data = new byte[length];
        new SplittableRandom(length).nextBytes(data);
        return data;
    }

    private byte[] compress(byte[] plain) {
        byte[] target = new byte[codec().maxCompressedLength(plain.length)];
        int length = codec().compress(plain, 0, plain.length, target, 0);
        return length == Codec.STORED ? plain : Arrays.copyOf(target, length);
    }

    @ParameterizedTest
    @MethodSource("lengths")
    void dataRoundTripsOnAndOffTheHeap(int length) throws RafsFormatException {
        for (byte[] plain : new byte[][] {compressible(length), new byte[length]}) {
            byte[] target = new byte[codec().maxCompressedLength(length) + 5];
            int stored = codec().compress(plain, 0, length, target, 3);
            if (stored == Codec.STORED) {
                assertThat(length).as("only short data does not shrink").isLessThan(300);
                continue;
            }
            assertThat(stored).isLessThan(length);
            byte[] back = new byte[length + 2];
            codec().decompress(target, 3, stored, back, 1, length);
            assertThat(Arrays.copyOfRange(back, 1, 1 + length)).isEqualTo(plain);
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment source = arena.allocate(length).copyFrom(MemorySegment.ofArray(plain));
                MemorySegment compressed = arena.allocate(codec().maxCompressedLength(length));
                assertThat(codec().compress(source, compressed)).isEqualTo(stored);
                assertThat(compressed
                                .asSlice(0, stored)
                                .mismatch(MemorySegment.ofArray(target).asSlice(3, stored)))
                        .isEqualTo(-1);
                MemorySegment expanded = arena.allocate(length);
                codec().decompress(compressed.asSlice(0, stored).asReadOnly(), expanded);
                assertThat(expanded.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(plain);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 5, 100, 4096, 100_000})
    void whatDoesNotShrinkIsStored(int length) {
        byte[] plain = noise(length);
        byte[] target = new byte[codec().maxCompressedLength(length)];
        assertThat(codec().compress(plain, 0, length, target, 0)).isEqualTo(Codec.STORED);
    }

    @Test
    void targetThatMayBeTooSmallIsRefused() {
        byte[] plain = compressible(1000);
        byte[] target = new byte[codec().maxCompressedLength(1000) - 1];
        assertThatThrownBy(() -> codec().compress(plain, 0, 1000, target, 0))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void otherPlainLengthsAreRefused() {
        byte[] plain = compressible(5000);
        byte[] stored = compress(plain);
        for (int length : new int[] {0, 1, 4999, 5001, 10_000}) {
            byte[] target = new byte[length];
            assertThatThrownBy(() -> codec().decompress(stored, 0, stored.length, target, 0, length))
                    .as("length %s", length)
                    .isInstanceOf(RafsFormatException.class);
        }
    }

    @Test
    void cutOffDataIsRefused() {
        byte[] plain = compressible(5000);
        byte[] stored = compress(plain);
        byte[] target = new byte[5000];
        for (int length = 0; length < stored.length; length += 1 + length / 10) {
            int cut = length;
            assertThatThrownBy(() -> codec().decompress(stored, 0, cut, target, 0, 5000))
                    .as("cut to %s", cut)
                    .isInstanceOf(RafsFormatException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void damagedDataFailsInNoOtherWay(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        byte[] plain = compressible(3000);
        byte[] right = compress(plain);
        byte[] target = new byte[3000];
        for (int round = 0; round < 2000; round++) {
            byte[] stored = right.clone();
            for (int i = 0; i <= random.nextInt(4); i++) {
                stored[random.nextInt(stored.length)] = (byte) random.nextInt(256);
            }
            try {
                codec().decompress(stored, 0, stored.length, target, 0, target.length);
            } catch (RafsFormatException expected) {
                assertThat(expected).hasMessageContaining("");
            }
        }
    }

    @Test
    void codecIsSharedByThreads() {
        IntStream.range(0, 64).parallel().forEach(i -> {
            byte[] plain = compressible(10_000 + i);
            byte[] stored = compress(plain);
            byte[] back = new byte[plain.length];
            try {
                codec().decompress(stored, 0, stored.length, back, 0, back.length);
            } catch (RafsFormatException e) {
                throw new AssertionError(e);
            }
            assertThat(back).isEqualTo(plain);
        });
    }
}
