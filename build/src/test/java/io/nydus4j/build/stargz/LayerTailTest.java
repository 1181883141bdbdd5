package io.nydus4j.build.stargz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.Compression;
import io.nydus4j.blob.GoldenImage;
import io.nydus4j.blob.PositionalSource;
import io.nydus4j.blob.RafsFormatException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Finds tables of contents at the ends of layers. */
final class LayerTailTest {
    private static byte[] golden() throws IOException {
        return Files.readAllBytes(GoldenImage.root().resolve("estargz/layer.esgz"));
    }

    private static PositionalSource source(byte[] bytes) {
        return PositionalSource.of(MemorySegment.ofArray(bytes));
    }

    private static byte[] toc(byte[] layer) throws IOException {
        LayerTail tail = LayerTail.find(source(layer)).orElseThrow();
        try (InputStream json = tail.open(source(layer))) {
            return json.readAllBytes();
        }
    }

    /** Makes a layer of the table of contents alone, with a footer whose extra field is {@code extra}. */
    private static byte[] layer(String name, String json, String digits, boolean old) throws IOException {
        ByteArrayOutputStream layer = new ByteArrayOutputStream();
        layer.writeBytes(new byte[1000]);
        try (GZIPOutputStream gzip = new GZIPOutputStream(layer)) {
            byte[] header = new byte[512];
            System.arraycopy(name.getBytes(StandardCharsets.US_ASCII), 0, header, 0, name.length());
            byte[] size = "%011o\0".formatted(json.length()).getBytes(StandardCharsets.US_ASCII);
            System.arraycopy(size, 0, header, 124, size.length);
            gzip.write(header);
            gzip.write(json.getBytes(StandardCharsets.US_ASCII));
            gzip.write(new byte[1024]);
        }
        HexFormat hex = HexFormat.of();
        layer.writeBytes(hex.parseHex("1f8b080400000000" + "00ff" + (old ? "1600" : "1a00" + "53471600")));
        layer.writeBytes((digits + "STARGZ").getBytes(StandardCharsets.US_ASCII));
        layer.writeBytes(hex.parseHex("010000ffff" + "0000000000000000"));
        return layer.toByteArray();
    }

    @Test
    void tableOfARealLayerIsFound() throws IOException {
        byte[] layer = golden();
        LayerTail tail = LayerTail.find(source(layer)).orElseThrow();
        assertThat(tail.compression()).isEqualTo(Compression.GZIP);
        assertThat(tail.end()).isEqualTo(layer.length - 51);
        assertThat(toc(layer)).isEqualTo(Files.readAllBytes(GoldenImage.root().resolve("estargz/stargz.index.json")));
    }

    @Test
    void tableOfARealZstdLayerIsFound() throws IOException {
        byte[] layer = Files.readAllBytes(GoldenImage.root().resolveSibling("stargz/tree-16k.zst"));
        LayerTail tail = LayerTail.find(source(layer)).orElseThrow();
        assertThat(tail.compression()).isEqualTo(Compression.ZSTD);
        assertThat(tail.dataSize()).isEqualTo(tail.start() - 8);
        assertThat(toc(layer)).startsWith("{".getBytes(StandardCharsets.US_ASCII));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void footersOfBothFormsAreRead(boolean old) throws IOException {
        byte[] layer = layer("stargz.index.json", "{\"a\":1}", "%016x".formatted(1000), old);
        assertThat(toc(layer)).isEqualTo("{\"a\":1}".getBytes(StandardCharsets.US_ASCII));
    }

    @Test
    void fileWithoutAFooterIsNoLayer() throws IOException {
        byte[] layer = golden();
        assertThat(LayerTail.find(source(new byte[0]))).isEmpty();
        assertThat(LayerTail.find(source(Arrays.copyOf(layer, layer.length - 1))))
                .isEmpty();
        assertThat(LayerTail.find(source("{\"version\":1}".getBytes(StandardCharsets.UTF_8))))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "00000000000fffff",
                "7fffffffffffffff",
                "8000000000000000",
                "ffffffffffffffff",
                "xxxxxxxxxxxxxxxx"
            })
    void tableThatDoesNotLieInTheLayerIsRefused(String digits) throws IOException {
        byte[] layer = layer("stargz.index.json", "{}", digits, false);
        assertThatThrownBy(() -> LayerTail.find(source(layer)))
                .isInstanceOf(RafsFormatException.class)
                .hasMessageContaining("stargz footer");
    }

    @Test
    void otherMemberIsNoTable() throws IOException {
        byte[] layer = layer("etc/passwd", "{}", "%016x".formatted(1000), false);
        assertThatThrownBy(() -> toc(layer))
                .isInstanceOf(RafsFormatException.class)
                .hasMessageContaining("stargz.index.json");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1005, 1500})
    void whatIsNoGzipIsRefused(int start) throws IOException {
        byte[] layer = layer("stargz.index.json", "{}".repeat(9000), "%016x".formatted(start), false);
        Arrays.fill(layer, 1020, 1060, (byte) 0x55);
        assertThatThrownBy(() -> toc(layer)).isInstanceOf(RafsFormatException.class);
    }

    private static byte[] zstdFooter(int length, long start, long stored, long type) {
        ByteBuffer footer = ByteBuffer.allocate(500 + 8 + length).order(ByteOrder.LITTLE_ENDIAN);
        footer.position(500);
        footer.putInt(0x184D_2A50)
                .putInt(length)
                .putLong(start)
                .putLong(stored)
                .putLong(1)
                .putLong(type);
        footer.position(footer.limit() - 8);
        footer.put("GnUlInUx".getBytes(StandardCharsets.US_ASCII));
        return footer.array();
    }

    @ParameterizedTest
    @ValueSource(ints = {40, 48, 64})
    void footersOfAllZstdFormsAreRead(int length) throws IOException {
        Optional<LayerTail> tail = LayerTail.find(source(zstdFooter(length, 100, 50, 1)));
        assertThat(tail).contains(new LayerTail(Compression.ZSTD, 92, 100, 150));
    }

    @Test
    void zstdTableThatDoesNotLieInTheLayerIsRefused() {
        for (long[] place : new long[][] {{100, 500}, {600, 1}, {-1, 5}, {100, -1}, {100, 0}, {3, 5}, {1L << 62, 1}}) {
            assertThatThrownBy(() -> LayerTail.find(source(zstdFooter(40, place[0], place[1], 1))))
                    .isInstanceOf(RafsFormatException.class)
                    .hasMessageContaining("zstd:chunked footer");
        }
        assertThatThrownBy(() -> LayerTail.find(source(zstdFooter(40, 100, 50, 2))))
                .hasMessageContaining("manifest type");
    }
}
