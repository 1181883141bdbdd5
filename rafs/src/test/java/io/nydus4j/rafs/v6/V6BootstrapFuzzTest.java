package io.nydus4j.rafs.v6;

import com.code_intelligence.jazzer.junit.FuzzTest;

/** Feeds arbitrary bytes to the reader of bootstraps. */
final class V6BootstrapFuzzTest {
    @FuzzTest(maxDuration = "60s")
    void bootstrapIsRefusedOrRead(byte[] bytes) {
        V6Exploration.explore(bytes);
    }
}
