package io.nydus4j.blob.codec;

import io.nydus4j.blob.Compression;

final class ZstdCodecTest extends CodecContractTest {
    @Override
    Codec codec() {
        return Codec.of(Compression.ZSTD);
    }
}
