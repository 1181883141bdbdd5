package io.nydus4j.blob.zran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Finds every chunk again through its context, with the decoder that readers use. */
final class ZranIndexerTest {
    private static final int CHUNK_SIZE = 1 << 16;

    private record Indexed(ZranIndexer indexer, List<ZranChunk> chunks) {}

    /** Reads {@code stream}, which has chunks of {@link #CHUNK_SIZE} and gaps of {@code gap} bytes before each. */
    private static Indexed index(byte[] stream, int gap) throws IOException {
        GzipInflation inflation = new GzipInflation(new ByteArrayInputStream(stream));
        ZranIndexer indexer = new ZranIndexer(inflation);
        List<ZranChunk> chunks = new ArrayList<>();
        byte[] piece = new byte[CHUNK_SIZE];
        while (gap == 0 || inflation.read(ByteBuffer.wrap(piece, 0, gap)) == gap) {
            indexer.beginChunk(CHUNK_SIZE);
            int count = inflation.read(ByteBuffer.wrap(piece));
            if (count < 0) {
                break;
            }
            chunks.add(indexer.endChunk());
        }
        return new Indexed(indexer, chunks);
    }

    private static void checkChunks(Indexed indexed, byte[] stream, byte[] plain) throws IOException {
        try (ZranDecoder decoder = new ZranDecoder()) {
            for (ZranChunk chunk : indexed.chunks) {
                ZranContext context = indexed.indexer.context(chunk.contextIndex());
                byte[] dictionary = indexed.indexer.dictionary(chunk.contextIndex());
                byte[] target = new byte[context.uncompressedSize()];
                decoder.decode(
                        context,
                        MemorySegment.ofArray(dictionary),
                        MemorySegment.ofArray(stream).asSlice(context.compressedOffset(), context.compressedSize()),
                        MemorySegment.ofArray(target));
                int start = (int) context.uncompressedOffset();
                assertThat(target).isEqualTo(Arrays.copyOfRange(plain, start, start + target.length));
                assertThat(chunk.offsetInContext() + chunk.uncompressedSize()).isLessThanOrEqualTo(target.length);
                assertThat(chunk.compressedOffset()).isGreaterThanOrEqualTo(context.compressedOffset());
                assertThat(chunk.compressedOffset() + chunk.compressedSize())
                        .isLessThanOrEqualTo(context.compressedOffset() + context.compressedSize());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 6, 9})
    void everyChunkIsFoundAgain(int level) throws IOException {
        SplittableRandom random = new SplittableRandom(level);
        byte[] plain = {};
        byte[] stream = {};
        for (int member = 0; member < 4; member++) {
            byte[] part = GzipMembers.plain(random, 1_500_000 + random.nextInt(10_000));
            plain = GzipMembers.join(plain, part);
            stream = GzipMembers.join(
                    stream, GzipMembers.member(GzipMembers.deflate(part, level, 0, random.nextInt(9)), part));
        }
        Indexed indexed = index(stream, 100 + level);
        assertThat(indexed.indexer.contextCount()).isGreaterThan(2);
        checkChunks(indexed, stream, plain);
    }

    /** A place that the reference chooses, where its own reader fails. */
    @Test
    void contextAtTheEndOfAMemberStartsWithTheNext() throws IOException {
        SplittableRandom random = new SplittableRandom(1);
        byte[] plain = {};
        byte[] stream = {};
        for (int member = 0; member < 40; member++) {
            byte[] part = new byte[2 * CHUNK_SIZE];
            random.nextBytes(part);
            plain = GzipMembers.join(plain, part);
            stream = GzipMembers.join(stream, GzipMembers.member(GzipMembers.deflate(part, 6, 0, 0), part));
        }
        Indexed indexed = index(stream, 0);
        assertThat(indexed.indexer.contextCount()).isGreaterThan(5);
        for (int i = 0; i < indexed.indexer.contextCount(); i++) {
            ZranContext context = indexed.indexer.context(i);
            int start = (int) context.compressedOffset();
            assertThat(Arrays.copyOfRange(stream, start + 8, start + 11))
                    .as("context %d", i)
                    .isNotEqualTo(new byte[] {0x1F, (byte) 0x8B, 8});
        }
        checkChunks(indexed, stream, plain);
    }

    /** One block may give any number of bytes, and nothing can be found in its middle. */
    @Test
    void refusesABlockTooLongForAReader() {
        byte[] member = hugeBlock(70_000);
        assertThatThrownBy(() -> index(member, 0))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("bytes, 16777216 are the most");
    }

    /** A fixed block of one zero and {@code matches} matches of 258 bytes: 8 bits 00110000, then 8 bits 11000101 and 5 bits 00000 each. */
    private static byte[] hugeBlock(int matches) {
        StringBuilder bits = new StringBuilder("1" + "10" + "00110000");
        for (int i = 0; i < matches; i++) {
            bits.append("11000101").append("00000");
        }
        bits.append("0000000");
        byte[] deflated = new byte[(bits.length() + 7) / 8];
        for (int i = 0; i < bits.length(); i++) {
            deflated[i / 8] |= (byte) (bits.charAt(i) - '0' << i % 8);
        }
        return GzipMembers.member(deflated, new byte[1 + matches * 258]);
    }

    @Test
    void historyIsThatOfTheMember() throws IOException {
        byte[] plain = GzipMembers.plain(new SplittableRandom(2), 200_000);
        byte[] stream = GzipMembers.member(GzipMembers.deflate(plain, 6, Deflater.HUFFMAN_ONLY, 0), plain);
        Indexed indexed = index(GzipMembers.join(stream, stream), 1000);
        assertThat(indexed.indexer.dictionary(0)).isEmpty();
        checkChunks(indexed, GzipMembers.join(stream, stream), GzipMembers.join(plain, plain));
    }
}
