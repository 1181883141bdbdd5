package io.nydus4j.blob.codec;

/** The Java code that steps in where the native library cannot load. */
final class JavaZstdCodecTest extends CodecContractTest {
    @Override
    Codec codec() {
        return new ZstdCodec(false);
    }
}
