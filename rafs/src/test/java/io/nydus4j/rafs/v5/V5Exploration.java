package io.nydus4j.rafs.v5;

import static io.nydus4j.rafs.BootstrapExploration.attempt;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.BootstrapExploration;
import java.lang.foreign.MemorySegment;

/** Reads everything that a bootstrap tells, the way a hostile one is read. */
final class V5Exploration {
    private V5Exploration() {}

    /** Does what it can with {@code bytes}; anything but a {@link RafsFormatException} is a defect. */
    static void explore(byte[] bytes) {
        attempt(() -> {
            V5Bootstrap image = V5Bootstrap.open(MemorySegment.ofArray(bytes), () -> {});
            new BootstrapExploration(image, inode -> ((V5InodeView) inode).name()).run();
            attempt(image::validateInodes);
            attempt(image::validateDigests);
            attempt(() -> V5TreeReader.read(image, 0));
        });
    }
}
