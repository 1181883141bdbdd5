package io.nydus4j.blob.zran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.RafsFormatException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares with the decompressor of the Java library, on streams that its compressor made. */
final class GzipInflationTest {
    private static final int[] STRATEGIES = {Deflater.DEFAULT_STRATEGY, Deflater.FILTERED, Deflater.HUFFMAN_ONLY};

    /** Gives at most a few bytes at a time. */
    private static final class Trickle extends InputStream {
        private final InputStream source;
        private final SplittableRandom random;

        Trickle(byte[] bytes, SplittableRandom random) {
            this.source = new ByteArrayInputStream(bytes);
            this.random = random;
        }

        @Override
        public int read() throws IOException {
            return source.read();
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            return source.read(target, offset, Math.min(length, 1 + random.nextInt(70)));
        }
    }

    private static byte[] inflate(byte[] stream) throws IOException {
        return inflate(new GzipInflation(new ByteArrayInputStream(stream)), 1 << 16);
    }

    private static byte[] inflate(GzipInflation inflation, int pieceSize) throws IOException {
        ByteArrayOutputStream plain = new ByteArrayOutputStream();
        byte[] piece = new byte[pieceSize];
        int count;
        while ((count = inflation.read(ByteBuffer.wrap(piece))) > 0) {
            plain.write(piece, 0, count);
        }
        return plain.toByteArray();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 5, 6, 9})
    void inflatesWhatZlibDeflatedAtEachLevel(int level) throws IOException {
        for (int round = 0; round < 30; round++) {
            SplittableRandom random = new SplittableRandom(1000L * level + round);
            byte[] plain = GzipMembers.plain(random, random.nextInt(round < 25 ? 3000 : 400_000));
            byte[] deflated = GzipMembers.deflate(plain, level, STRATEGIES[round % 3], random.nextInt(5));
            byte[] stream = GzipMembers.member(deflated, plain);
            assertThat(inflate(stream)).as("round %d", round).isEqualTo(plain);
            InputStream trickle = new Trickle(stream, random);
            assertThat(inflate(new GzipInflation(trickle), 1 + random.nextInt(600)))
                    .as("round %d in small pieces", round)
                    .isEqualTo(plain);
        }
    }

    @Test
    void inflatesMembersWithEveryHeader() throws IOException {
        SplittableRandom random = new SplittableRandom(3);
        byte[] all = {};
        byte[] stream = {};
        for (int flags = 0; flags < 32; flags++) {
            byte[] plain = GzipMembers.plain(random, random.nextInt(2) * random.nextInt(50_000));
            byte[] deflated = GzipMembers.deflate(plain, 6, Deflater.DEFAULT_STRATEGY, 0);
            all = GzipMembers.join(all, plain);
            stream = GzipMembers.join(stream, GzipMembers.member(GzipMembers.header(flags, random), deflated, plain));
        }
        assertThat(inflate(stream)).isEqualTo(all);
    }

    @Test
    void longRunsAndFarMatchesCrossTheWindow() throws IOException {
        SplittableRandom random = new SplittableRandom(4);
        byte[] plain = new byte[3_000_000];
        byte[] piece = new byte[32768];
        random.nextBytes(piece);
        for (int i = 1_000_000; i < plain.length; i++) {
            plain[i] = piece[i % piece.length];
        }
        byte[] stream = GzipMembers.member(GzipMembers.deflate(plain, 9, Deflater.DEFAULT_STRATEGY, 0), plain);
        assertThat(inflate(stream)).isEqualTo(plain);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 6, 9})
    void refusesEveryTruncation(int level) {
        SplittableRandom random = new SplittableRandom(level);
        byte[] plain = GzipMembers.plain(random, 700);
        byte[] stream = GzipMembers.member(
                GzipMembers.header(31, random), GzipMembers.deflate(plain, level, 0, level / 4), plain);
        for (int length = 0; length < stream.length; length++) {
            byte[] cut = Arrays.copyOf(stream, length);
            assertThatThrownBy(() -> inflate(cut))
                    .as("cut to %d bytes", length)
                    .isInstanceOf(RafsFormatException.class)
                    .hasMessageContaining("gzip stream");
        }
    }

    /** Whatever zlib makes of a damaged stream: the same bytes, or a refusal by both. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 6, 9})
    void agreesWithZlibOnDamagedStreams(int level) {
        int accepted = 0;
        for (int round = 0; round < 3000; round++) {
            SplittableRandom random = new SplittableRandom(100_000L * level + round);
            byte[] plain = GzipMembers.plain(random, 1 + random.nextInt(300));
            byte[] deflated = GzipMembers.deflate(plain, level, STRATEGIES[round % 3], random.nextInt(3));
            for (int flips = random.nextInt(3); flips >= 0; flips--) {
                int bit = random.nextInt(Math.min(deflated.length, 100)) * 8 + random.nextInt(8);
                deflated[bit / 8] ^= (byte) (1 << bit % 8);
            }
            byte[] expected = new byte[1 << 16];
            Inflater zlib = new Inflater(true);
            zlib.setInput(deflated);
            int length = -1;
            int used = 0;
            try {
                int count = zlib.inflate(expected);
                if (zlib.finished()) {
                    length = count;
                    used = (int) zlib.getBytesRead();
                }
            } catch (DataFormatException refused) {
                length = -1;
            }
            zlib.end();
            if (length >= 0) {
                accepted++;
                byte[] damaged = Arrays.copyOf(expected, length);
                byte[] stream = GzipMembers.member(Arrays.copyOf(deflated, used), damaged);
                assertThatCode(() -> assertThat(inflate(stream)).isEqualTo(damaged))
                        .as("round %d", round)
                        .doesNotThrowAnyException();
            } else {
                byte[] stream = GzipMembers.member(deflated, plain);
                assertThatThrownBy(() -> inflate(stream)).as("round %d", round).isInstanceOf(RafsFormatException.class);
            }
        }
        assertThat(accepted).isPositive();
    }

    @Test
    void refusesWrongChecksumsLengthsFlagsAndTrailingBytes() {
        byte[] plain = GzipMembers.plain(new SplittableRandom(8), 500);
        byte[] deflated = GzipMembers.deflate(plain, 6, 0, 0);
        byte[] stream = GzipMembers.member(deflated, plain);
        byte[] crc = stream.clone();
        crc[stream.length - 8]++;
        assertThatThrownBy(() -> inflate(crc)).hasMessageContaining("expected CRC-32");
        byte[] size = stream.clone();
        size[stream.length - 2]++;
        assertThatThrownBy(() -> inflate(size)).hasMessageContaining("expected 66036 plain bytes");
        byte[] flags = stream.clone();
        flags[3] = 0x20;
        assertThatThrownBy(() -> inflate(flags)).hasMessageContaining("unknown flags 0x20");
        byte[] header = GzipMembers.header(2, new SplittableRandom(1));
        header[10]++;
        assertThatThrownBy(() -> inflate(GzipMembers.member(header, deflated, plain)))
                .hasMessageContaining("wrong CRC of the header");
        assertThatThrownBy(() -> inflate(GzipMembers.join(stream, new byte[512])))
                .isInstanceOf(RafsFormatException.class)
                .hasMessageContaining("at offset " + stream.length + ": expected the bytes 1f 8b 08");
    }

    /** From the start of every block the other decoder reads the rest of the member. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 6, 9})
    void everyBlockStartIsAPlaceToStart(int level) throws IOException {
        SplittableRandom random = new SplittableRandom(level);
        byte[] plain = GzipMembers.plain(random, 300_000);
        byte[] stream = GzipMembers.member(GzipMembers.deflate(plain, level, 0, 7), plain);
        GzipInflation inflation = new GzipInflation(new ByteArrayInputStream(stream));
        byte[] piece = new byte[100];
        List<BlockStart> starts = new ArrayList<>();
        while (inflation.read(ByteBuffer.wrap(piece, 0, 1 + random.nextInt(100))) > 0) {
            BlockStart start = inflation.blockStart();
            if ((starts.isEmpty() || !start.equals(starts.getLast())) && start.uncompressedOffset() < plain.length) {
                starts.add(start);
                checkStart(start, inflation.blockHistory(), stream, plain);
            }
        }
        assertThat(starts).hasSizeGreaterThan(5);
        assertThat(inflation.uncompressedPosition()).isEqualTo(plain.length);
    }

    private static void checkStart(BlockStart start, byte[] history, byte[] stream, byte[] plain) throws IOException {
        int from = (int) start.uncompressedOffset();
        assertThat(history).isEqualTo(Arrays.copyOfRange(plain, Math.max(0, from - 32768), from));
        byte[] rest = new byte[plain.length - from];
        ZranContext context = new ZranContext(
                start.compressedOffset(), from, 0, 0, rest.length, history.length, start.bitByte(), start.bitCount());
        try (ZranDecoder decoder = new ZranDecoder()) {
            decoder.decode(
                    context,
                    MemorySegment.ofArray(history),
                    MemorySegment.ofArray(stream).asSlice(start.compressedOffset()),
                    MemorySegment.ofArray(rest));
        }
        assertThat(rest).isEqualTo(Arrays.copyOfRange(plain, from, plain.length));
    }
}
