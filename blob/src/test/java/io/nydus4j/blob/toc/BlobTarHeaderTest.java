package io.nydus4j.blob.toc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.RafsFormatException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tar headers of all sizes, and refusals. */
final class BlobTarHeaderTest {
    @ParameterizedTest
    @ValueSource(longs = {0, 1, 511, 077777777777L, 1L << 33, 1L << 40, Long.MAX_VALUE})
    void headerReadsBackTheSame(long size) throws RafsFormatException {
        BlobTarHeader header = new BlobTarHeader("image.blob", size);
        assertThat(BlobTarHeader.read(MemorySegment.ofArray(header.toBytes()), 0))
                .isEqualTo(header);
    }

    @Test
    void sizesFrom8GiBAreBigEndianNumbers() {
        byte[] bytes = new BlobTarHeader("x", (1L << 33) - 1).toBytes();
        assertThat(new String(bytes, 124, 11, StandardCharsets.US_ASCII)).isEqualTo("77777777777");
        bytes = new BlobTarHeader("x", 1L << 33).toBytes();
        assertThat(HexFormat.of().formatHex(bytes, 124, 136)).isEqualTo("800000000000000200000000");
    }

    @Test
    void everyChangedByteIsNoticed() {
        byte[] right = new BlobTarHeader("image.blob", 12345).toBytes();
        for (int i = 0; i < right.length; i++) {
            byte[] wrong = right.clone();
            wrong[i] ^= 1;
            MemorySegment segment = MemorySegment.ofArray(wrong);
            assertThatThrownBy(() -> BlobTarHeader.read(segment, 0))
                    .as("byte %s", i)
                    .isInstanceOf(RafsFormatException.class);
        }
    }

    @Test
    void cutOffHeaderIsRefused() {
        MemorySegment segment = MemorySegment.ofArray(new byte[511]);
        assertThatThrownBy(() -> BlobTarHeader.read(segment, 0)).isInstanceOf(RafsFormatException.class);
        assertThatThrownBy(() -> BlobTarHeader.read(segment, -1)).isInstanceOf(RafsFormatException.class);
    }

    @Test
    void namesThatDoNotFitAreRefused() {
        assertThatThrownBy(() -> new BlobTarHeader("", 1).toBytes()).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new BlobTarHeader("x".repeat(101), 1).toBytes())
                .isInstanceOf(IllegalArgumentException.class);
    }
}
