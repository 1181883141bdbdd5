package io.nydus4j.rafs.v5;

import com.code_intelligence.jazzer.junit.FuzzTest;

/** Feeds arbitrary bytes to the reader of bootstraps. */
final class V5BootstrapFuzzTest {
    @FuzzTest(maxDuration = "60s")
    void bootstrapIsRefusedOrRead(byte[] bytes) {
        V5Exploration.explore(bytes);
    }
}
