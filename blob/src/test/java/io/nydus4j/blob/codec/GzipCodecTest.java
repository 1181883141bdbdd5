package io.nydus4j.blob.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.Compression;
import io.nydus4j.blob.GoldenImage;
import io.nydus4j.blob.RafsFormatException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

final class GzipCodecTest {
    private final Codec codec = Codec.of(Compression.GZIP);

    private static byte[] gzip(byte[] plain) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
            gzip.write(plain);
        }
        return bytes.toByteArray();
    }

    @Test
    void takesTheBytesAskedForAndIgnoresTheRest() throws IOException {
        byte[] plain = CodecContractTest.compressible(100_000);
        byte[] stored = gzip(plain);
        byte[] longer = Arrays.copyOf(stored, stored.length + 100);
        for (int length : new int[] {1, 99_999, 100_000}) {
            byte[] target = new byte[length];
            codec.decompress(longer, 0, longer.length, target, 0, length);
            assertThat(target).isEqualTo(Arrays.copyOf(plain, length));
        }
        codec.decompress(stored, 0, stored.length - GzipHeader.TRAILER_SIZE, new byte[100_000], 0, 100_000);
    }

    @Test
    void refusesMembersThatEndTooSoonOrAreCutOff() throws IOException {
        byte[] stored = gzip(CodecContractTest.compressible(1000));
        assertThatThrownBy(() -> codec.decompress(stored, 0, stored.length, new byte[1001], 0, 1001))
                .isInstanceOf(RafsFormatException.class);
        for (int length = 0; length < stored.length - GzipHeader.TRAILER_SIZE - 2; length++) {
            int cut = length;
            assertThatThrownBy(() -> codec.decompress(stored, 0, cut, new byte[1000], 0, 1000))
                    .as("cut to %s", cut)
                    .isInstanceOf(RafsFormatException.class);
        }
    }

    @Test
    void damagedMembersFailInNoOtherWay() throws IOException {
        byte[] right = gzip(CodecContractTest.compressible(1000));
        SplittableRandom random = new SplittableRandom(7);
        byte[] target = new byte[1000];
        for (int round = 0; round < 3000; round++) {
            byte[] stored = right.clone();
            stored[random.nextInt(stored.length)] = (byte) random.nextInt(256);
            try {
                codec.decompress(stored, 0, stored.length, target, 0, target.length);
            } catch (RafsFormatException expected) {
                assertThat(expected).hasMessageContaining("");
            }
        }
    }

    @Test
    void membersOfARealEstargzLayerDecode() throws IOException {
        byte[] layer = Files.readAllBytes(GoldenImage.root().resolve("estargz/layer.esgz"));
        byte[] tarHeader = new byte[512];
        codec.decompress(layer, 0, layer.length, tarHeader, 0, 512);
        assertThat(new String(tarHeader, 257, 5, StandardCharsets.US_ASCII)).isEqualTo("ustar");
    }

    @Test
    void headerWithAllOptionalFieldsIsPassedOver() throws RafsFormatException {
        byte[] header = {0x1f, (byte) 0x8b, 8, 0x1e, 0, 0, 0, 0, 0, 3, 2, 0, 'x', 'y', 'n', 0, 'c', 0, 9, 9};
        MemorySegment segment = MemorySegment.ofArray(header);
        assertThat(GzipHeader.end(segment, 0)).isEqualTo(20);
        for (int length = 0; length < 20; length++) {
            int cut = length;
            assertThatThrownBy(() -> GzipHeader.end(segment.asSlice(0, cut), 0))
                    .as("cut to %s", cut)
                    .isInstanceOf(RafsFormatException.class);
        }
        header[3] = 0x20;
        assertThatThrownBy(() -> GzipHeader.end(segment, 0)).isInstanceOf(RafsFormatException.class);
    }

    @Test
    void doesNotCompress() {
        assertThatThrownBy(() -> codec.compress(new byte[10], 0, 10, new byte[100], 0))
                .isInstanceOf(UnsupportedOperationException.class);
    }
}
