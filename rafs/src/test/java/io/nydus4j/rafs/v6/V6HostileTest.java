package io.nydus4j.rafs.v6;

import static org.assertj.core.api.Assertions.assertThatCode;

import io.nydus4j.rafs.BootstrapDamage;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads images of the reference's that were damaged at random, or cut off. */
final class V6HostileTest {
    private static final BootstrapDamage DAMAGE = new BootstrapDamage(1024, 512, 4096);

    @ParameterizedTest
    @ValueSource(strings = {"several-xattrs-v6", "v6-zstd-4k", "plain-v6"})
    void damagedImagesAreRefusedOrRead(String name) throws IOException {
        DAMAGE.assertRefusedOrRead(GoldenV6.bytes(name), name.hashCode(), V6Exploration::explore);
    }

    @ParameterizedTest
    @ValueSource(strings = {"several-xattrs-v6", "v6-zstd-4k"})
    void cutOffImagesAreRefusedOrRead(String name) throws IOException {
        byte[] sound = GoldenV6.bytes(name);
        for (int length = 0; length < sound.length; length += 97) {
            byte[] bytes = Arrays.copyOf(sound, length);
            assertThatCode(() -> V6Exploration.explore(bytes))
                    .as("length %s", length)
                    .doesNotThrowAnyException();
        }
    }
}
