package io.nydus4j.blob.codec;

/** The Java code that steps in where the native library cannot load. */
final class JavaLz4BlockCodecTest extends CodecContractTest {
    @Override
    Codec codec() {
        return new Lz4BlockCodec(false);
    }
}
