package io.nydus4j.rafs.v5;

import io.nydus4j.blob.GoldenImage;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.util.List;

/** The reference's v5 images. */
final class GoldenV5 {
    static final List<String> NAMES = List.of(
            "v5-lz4-4k",
            "v5-none-sha256",
            "v5-zstd-aligned",
            "v5-prefetch-fs",
            "v5-prefetch-blob",
            "v5-inline",
            "plain-v5",
            "several-xattrs-v5",
            "tar-v5-lz4",
            "upper-v5",
            "dict-hit-v5",
            "merge-v5");

    private GoldenV5() {}

    static byte[] bytes(String name) throws IOException {
        return Files.readAllBytes(GoldenImage.bootstrap(name));
    }

    static V5Bootstrap open(String name) throws IOException {
        return open(bytes(name));
    }

    static V5Bootstrap open(byte[] bytes) throws IOException {
        return V5Bootstrap.open(MemorySegment.ofArray(bytes), () -> {});
    }
}
