package io.nydus4j.rafs.v6;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.BootstrapExploration;
import java.lang.foreign.MemorySegment;

/** Feeds arbitrary bytes to the reader of bootstraps. */
final class V6BootstrapFuzzTest {
    @FuzzTest(maxDuration = "60s")
    void bootstrapIsRefusedOrRead(byte[] bytes) {
        explore(bytes);
    }

    /** Does what it can with {@code bytes}; anything but a {@link RafsFormatException} is a defect. */
    static void explore(byte[] bytes) {
        V6Bootstrap image;
        try {
            image = V6Bootstrap.open(MemorySegment.ofArray(bytes), () -> {});
        } catch (RafsFormatException e) {
            return;
        }
        BootstrapExploration.attempt(image::devices);
        new BootstrapExploration(image).run();
    }
}
