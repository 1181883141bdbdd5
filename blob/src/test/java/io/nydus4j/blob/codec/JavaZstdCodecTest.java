package io.nydus4j.blob.codec;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.RafsFormatException;
import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The Java code that steps in where the native library cannot load. */
final class JavaZstdCodecTest extends CodecContractTest {
    @Override
    Codec codec() {
        return new ZstdCodec(false);
    }

    /** One segment that is said to have 2^64 - 1 bytes (RFC 8878, 3.1.1.1), in which there is a raw block of one byte. */
    @ParameterizedTest
    @ValueSource(strings = "e0ffffffffffffffff")
    void frameWhoseSizeNoMemoryHoldsIsRefused(String header) {
        MemorySegment stored = MemorySegment.ofArray(HexFormat.of().parseHex("28b52ffd" + header + "09000078"));
        assertThatThrownBy(() -> codec().decompress(stored, MemorySegment.ofArray(new byte[1])))
                .isInstanceOf(RafsFormatException.class);
    }
}
