package io.nydus4j.blob.codec;

import io.nydus4j.blob.Compression;

final class Lz4BlockCodecTest extends CodecContractTest {
    @Override
    Codec codec() {
        return Codec.of(Compression.LZ4_BLOCK);
    }
}
