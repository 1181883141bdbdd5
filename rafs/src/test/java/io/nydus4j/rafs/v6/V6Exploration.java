package io.nydus4j.rafs.v6;

import static io.nydus4j.rafs.BootstrapExploration.attempt;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.BootstrapExploration;
import java.lang.foreign.MemorySegment;

/** Reads everything that a bootstrap tells, the way a hostile one is read. */
final class V6Exploration {
    private V6Exploration() {}

    /** Does what it can with {@code bytes}; anything but a {@link RafsFormatException} is a defect. */
    static void explore(byte[] bytes) {
        attempt(() -> {
            V6Bootstrap image = V6Bootstrap.open(MemorySegment.ofArray(bytes), () -> {});
            attempt(image::devices);
            new BootstrapExploration(image, inode -> {}).run();
        });
    }
}
