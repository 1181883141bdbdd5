package io.nydus4j.rafs.v6;

import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads images of the reference's that were damaged at random, or cut off. */
final class V6HostileTest {
    private static final int ROUNDS = 1500;
    /** Where the superblocks start, and where what is behind them does. */
    private static final int HEAD = 1024;

    private static final int HEAD_END = 4096;

    private static void mutate(byte[] bytes, Random random) {
        for (int i = 1 + random.nextInt(4); i > 0; i--) {
            int place = random.nextInt(4) == 0
                    ? HEAD + random.nextInt(512)
                    : HEAD_END + random.nextInt(bytes.length - HEAD_END);
            switch (random.nextInt(4)) {
                case 0 -> bytes[place] ^= (byte) (1 << random.nextInt(8));
                case 1 -> bytes[place] = (byte) random.nextInt(256);
                case 2 -> Arrays.fill(bytes, place, Math.min(bytes.length, place + 8), (byte) -1);
                default -> {
                    int from = HEAD_END + random.nextInt(bytes.length - HEAD_END);
                    int length = Math.min(random.nextInt(128), bytes.length - Math.max(from, place));
                    System.arraycopy(bytes, from, bytes, place, length);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"several-xattrs-v6", "v6-zstd-4k", "plain-v6"})
    void damagedImagesAreRefusedOrRead(String name) throws IOException {
        byte[] sound = GoldenV6.bytes(name);
        Random random = new Random(name.hashCode());
        for (int round = 0; round < ROUNDS; round++) {
            byte[] bytes = sound.clone();
            mutate(bytes, random);
            int number = round;
            assertThatCode(() ->
                            Assertions.assertTimeout(Duration.ofSeconds(5), () -> V6BootstrapFuzzTest.explore(bytes)))
                    .as("round %s", number)
                    .doesNotThrowAnyException();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"several-xattrs-v6", "v6-zstd-4k"})
    void cutOffImagesAreRefusedOrRead(String name) throws IOException {
        byte[] sound = GoldenV6.bytes(name);
        for (int length = 0; length < sound.length; length += 97) {
            byte[] bytes = Arrays.copyOf(sound, length);
            assertThatCode(() -> V6BootstrapFuzzTest.explore(bytes))
                    .as("length %s", length)
                    .doesNotThrowAnyException();
        }
    }
}
