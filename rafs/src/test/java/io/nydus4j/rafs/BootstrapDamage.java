package io.nydus4j.rafs;

import static org.assertj.core.api.Assertions.assertThatCode;

import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Assertions;

/**
 * Damages bootstraps at random. Most of what is at their start is reserved, so it aims at what counts.
 *
 * @param head     start of the superblock's fields, in bytes
 * @param headSize length of them
 * @param body     start of what is behind the superblock
 */
public record BootstrapDamage(int head, int headSize, int body) {
    private static final int ROUNDS = 1500;

    /** Damages copies of an image in many ways; each must be explored soon and without another failure than is expected of it. */
    public void assertRefusedOrRead(byte[] sound, long seed, Consumer<byte[]> explore) {
        Random random = new Random(seed);
        for (int round = 0; round < ROUNDS; round++) {
            byte[] bytes = sound.clone();
            damage(bytes, random);
            assertThatCode(() -> Assertions.assertTimeout(Duration.ofSeconds(5), () -> explore.accept(bytes)))
                    .as("seed %s, round %s", seed, round)
                    .doesNotThrowAnyException();
        }
    }

    private void damage(byte[] bytes, Random random) {
        for (int i = 1 + random.nextInt(4); i > 0; i--) {
            int place = random.nextInt(3) == 0 ? head + random.nextInt(headSize) : inBody(bytes, random);
            switch (random.nextInt(4)) {
                case 0 -> bytes[place] ^= (byte) (1 << random.nextInt(8));
                case 1 -> bytes[place] = (byte) random.nextInt(256);
                case 2 -> Arrays.fill(bytes, place, Math.min(bytes.length, place + 8), (byte) -1);
                default -> {
                    int from = inBody(bytes, random);
                    int length = Math.min(random.nextInt(128), bytes.length - Math.max(from, place));
                    System.arraycopy(bytes, from, bytes, place, length);
                }
            }
        }
    }

    private int inBody(byte[] bytes, Random random) {
        return body + random.nextInt(bytes.length - body);
    }
}
