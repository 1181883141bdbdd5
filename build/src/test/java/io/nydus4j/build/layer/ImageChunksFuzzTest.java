package io.nydus4j.build.layer;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.nydus4j.blob.DigestAlgorithm;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.v5.V5Bootstrap;
import io.nydus4j.rafs.v6.V6Bootstrap;
import java.lang.foreign.MemorySegment;

/** Feeds arbitrary bytes as a chunk dictionary. */
final class ImageChunksFuzzTest {
    @FuzzTest(maxDuration = "60s")
    void dictionaryIsRefusedOrRead(byte[] bytes) {
        MemorySegment file = MemorySegment.ofArray(bytes);
        try (Bootstrap image =
                V5Bootstrap.matches(file) ? V5Bootstrap.open(file, () -> {}) : V6Bootstrap.open(file, () -> {})) {
            ImageChunks.ofImage(image, DigestAlgorithm.BLAKE3);
            ImageChunks.ofImage(image, DigestAlgorithm.SHA256);
        } catch (RafsFormatException e) {
            // Refused.
        }
    }
}
