package io.nydus4j.blob.zran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.RafsFormatException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import java.util.zip.Inflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Starts in the middle of streams made by zlib. */
final class ZranDecoderTest {
    private static final MemorySegment NOTHING = MemorySegment.ofArray(new byte[0]);

    private static byte[] text(int length, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        byte[] data = new byte[length];
        for (int i = 0; i < length; i++) {
            boolean repeat = i > 1000 && random.nextInt(3) != 0;
            data[i] = repeat ? data[i - 1 - random.nextInt(2) * 900] : (byte) ('a' + random.nextInt(26));
        }
        return data;
    }

    private static byte[] gzip(byte[] plain) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
            gzip.write(plain);
        }
        return bytes.toByteArray();
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            bytes.writeBytes(part);
        }
        return bytes.toByteArray();
    }

    private static ZranContext context(int bitByte, int bitCount) {
        return new ZranContext(0, 0, 0, 0, 0, 0, bitByte, bitCount);
    }

    /** A deflate stream put behind {@code shift} bits of another block: an empty fixed block that only the shifted decoder skips. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7})
    void everyPrefixDecodesToNothingAndEndsAtItsShift(int shift) throws Exception {
        // What follows the prefix is a stored block, whose length words are aligned to bytes: it tells whether the
        // shift is right.
        int last = 0b1 << shift; // final, stored: bits 1 00, as far as they fit in this byte
        byte[] prefix = BitPrefix.of(shift, last & 0xFF);
        int bitsInNext = Math.max(0, shift + 3 - 8);
        byte[] stored = {5, 0, (byte) ~5, (byte) ~0, 'h', 'e', 'l', 'l', 'o'};
        byte[] stream = bitsInNext > 0 ? join(prefix, new byte[1], stored) : join(prefix, stored);
        Inflater inflater = new Inflater(true);
        inflater.setInput(stream);
        byte[] target = new byte[10];
        assertThat(inflater.inflate(target)).isEqualTo(5);
        assertThat(Arrays.copyOf(target, 5)).isEqualTo(new byte[] {'h', 'e', 'l', 'l', 'o'});
        assertThat(inflater.finished()).isTrue();
        inflater.end();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7})
    void contextStartsAtEveryBit(int shift) throws RafsFormatException {
        int bitByte = ((1 << shift) & 0xFF) | ((1 << shift) - 1); // low bits belong to the block before
        byte[] stored = {5, 0, (byte) ~5, (byte) ~0, 'h', 'e', 'l', 'l', 'o'};
        byte[] stream = shift + 3 > 8 ? join(new byte[1], stored) : stored;
        byte[] target = new byte[5];
        try (ZranDecoder decoder = new ZranDecoder()) {
            decoder.decode(
                    context(bitByte, 8 - shift), NOTHING, MemorySegment.ofArray(stream), MemorySegment.ofArray(target));
        }
        assertThat(target).isEqualTo(new byte[] {'h', 'e', 'l', 'l', 'o'});
    }

    @Test
    void dictionaryGivesTheWindowBeforeTheContext() throws RafsFormatException {
        byte[] plain = text(100_000, 5);
        Deflater deflater = new Deflater(9, true);
        byte[] stored = new byte[200_000];
        deflater.setInput(plain, 0, 50_000);
        int first = deflater.deflate(stored, 0, stored.length, Deflater.SYNC_FLUSH);
        deflater.setInput(plain, 50_000, 50_000);
        deflater.finish();
        int second = deflater.deflate(stored, first, stored.length - first);
        deflater.end();
        byte[] target = new byte[50_000];
        try (ZranDecoder decoder = new ZranDecoder()) {
            MemorySegment window = MemorySegment.ofArray(plain).asSlice(50_000 - 32768, 32768);
            MemorySegment input = MemorySegment.ofArray(stored).asSlice(first, second);
            decoder.decode(context(0, 0), window.asReadOnly(), input.asReadOnly(), MemorySegment.ofArray(target));
            assertThat(target).isEqualTo(Arrays.copyOfRange(plain, 50_000, 100_000));
            assertThatThrownBy(() -> decoder.decode(context(0, 0), NOTHING, input, MemorySegment.ofArray(target)))
                    .isInstanceOf(RafsFormatException.class);
        }
    }

    @Test
    void contextGoesOnInTheNextMembers() throws IOException {
        byte[] first = text(10_000, 1);
        byte[] second = text(20_000, 2);
        byte[] stored = join(gzip(first), gzip(new byte[0]), gzip(second));
        byte[] target = new byte[30_000];
        try (ZranDecoder decoder = new ZranDecoder()) {
            MemorySegment input = MemorySegment.ofArray(stored).asSlice(10);
            decoder.decode(context(0, 0), NOTHING, input, MemorySegment.ofArray(target));
            assertThat(target).isEqualTo(join(first, second));
            assertThatThrownBy(() ->
                            decoder.decode(context(0, 0), NOTHING, input, MemorySegment.ofArray(new byte[30_001])))
                    .isInstanceOf(RafsFormatException.class);
        }
    }

    @Test
    void contextThatStartsAtATrailerGoesOnBehindIt() throws IOException {
        byte[] first = gzip(text(1000, 1));
        byte[] second = text(5000, 2);
        byte[] stored = join(Arrays.copyOfRange(first, first.length - 8, first.length), gzip(second));
        byte[] target = new byte[5000];
        try (ZranDecoder decoder = new ZranDecoder()) {
            MemorySegment window = MemorySegment.ofArray(text(1000, 1));
            decoder.decode(context(0, 0), window, MemorySegment.ofArray(stored), MemorySegment.ofArray(target));
        }
        assertThat(target).isEqualTo(second);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void damagedStreamsFailInNoOtherWay(long seed) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        byte[] right = join(gzip(text(500, 1)), gzip(text(500, 2)), gzip(text(500, 3)));
        byte[] target = new byte[1500];
        try (ZranDecoder decoder = new ZranDecoder()) {
            for (int round = 0; round < 3000; round++) {
                byte[] stored = right.clone();
                stored[random.nextInt(stored.length)] = (byte) random.nextInt(256);
                int start = random.nextInt(40);
                ZranContext context = context(random.nextInt(256), random.nextInt(8));
                try {
                    decoder.decode(
                            context,
                            MemorySegment.ofArray(right).asSlice(0, random.nextInt(100)),
                            MemorySegment.ofArray(stored).asSlice(start),
                            MemorySegment.ofArray(target));
                } catch (RafsFormatException expected) {
                    assertThat(expected).hasMessageContaining("");
                }
            }
        }
    }
}
