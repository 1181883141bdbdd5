package io.nydus4j.build.tar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.Compression;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.blob.codec.Codec;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

/** Reads compressed bytes as they come. */
final class CompressedArchiveTest {
    private static final byte[] SKIPPABLE = {0x5A, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 'a', 'b', 'c'};

    private static byte[] plain(byte[] stored, ArchiveLimits limits) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ArchiveInput input = ArchiveInputs.open(Channels.newChannel(new ByteArrayInputStream(stored)), limits)) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(1000);
            while (input.read(buffer) >= 0) {
                byte[] part = new byte[buffer.flip().remaining()];
                buffer.get(part).clear();
                out.writeBytes(part);
            }
            assertThat(input.position()).isEqualTo(out.size());
        }
        return out.toByteArray();
    }

    private static byte[] plain(byte[] stored) throws IOException {
        return plain(stored, ArchiveLimits.DEFAULT);
    }

    private static byte[] text(int length) {
        byte[] text = new byte[length];
        Random random = new Random(length);
        for (int i = 0; i < length; i++) {
            text[i] = (byte) ('a' + random.nextInt(8));
        }
        return text;
    }

    private static byte[] gzip(byte[] plain) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(plain);
        }
        return out.toByteArray();
    }

    private static byte[] zstd(byte[] plain) {
        Codec codec = Codec.of(Compression.ZSTD);
        byte[] room = new byte[codec.maxCompressedLength(plain.length)];
        int length = codec.compress(MemorySegment.ofArray(plain), MemorySegment.ofArray(room));
        return Arrays.copyOf(room, length);
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }

    @Test
    void plainBytesComeAsTheyAre() throws IOException {
        for (int length : new int[] {0, 1, 3, 255, 300_000}) {
            assertThat(plain(text(length))).isEqualTo(text(length));
        }
    }

    @Test
    void membersOfGzipAreJoined() throws IOException {
        byte[] stored = join(gzip(text(5)), gzip(new byte[0]), gzip(text(700_000)), new byte[700]);
        assertThat(plain(stored)).isEqualTo(join(text(5), text(700_000)));
    }

    @Test
    void gzipHeaderMayHaveAllFields() throws IOException {
        byte[] member = gzip(text(100));
        byte[] header = {0x1F, (byte) 0x8B, 8, 0x1E, 0, 0, 0, 0, 0, 3, 2, 0, 'x', 'y', 'n', 0, 'c', 0, 0, 0};
        assertThat(plain(join(header, Arrays.copyOfRange(member, 10, member.length))))
                .isEqualTo(text(100));
    }

    @Test
    void framesOfZstdAreJoinedAndSkippableOnesPassed() throws IOException {
        byte[] stored = join(SKIPPABLE, zstd(text(5000)), SKIPPABLE, zstd(text(400_000)), SKIPPABLE);
        assertThat(plain(stored)).isEqualTo(join(text(5000), text(400_000)));
    }

    @Test
    void damageIsRefused() throws IOException {
        for (byte[] whole : new byte[][] {gzip(text(5000)), zstd(text(5000))}) {
            for (int length = 4; length < whole.length; length += 7) {
                byte[] cut = Arrays.copyOf(whole, length);
                assertThatThrownBy(() -> plain(cut)).isInstanceOf(IOException.class);
            }
            assertThatThrownBy(() -> plain(join(whole, text(20)))).isInstanceOf(RafsFormatException.class);
        }
        byte[] wrong = gzip(text(5000));
        wrong[wrong.length - 6] ^= 1;
        assertThatThrownBy(() -> plain(wrong))
                .isInstanceOf(RafsFormatException.class)
                .hasMessageContaining("checksum");
    }

    @Test
    void otherCompressionIsNamed() {
        assertThatThrownBy(() -> plain(new byte[] {(byte) 0xFD, '7', 'z', 'X', 'Z', 0}))
                .isInstanceOf(RafsFormatException.class)
                .hasMessageContaining("xz");
        assertThatThrownBy(() -> plain(new byte[] {'B', 'Z', 'h', '9', '1'}))
                .isInstanceOf(RafsFormatException.class)
                .hasMessageContaining("bzip2");
    }

    @Test
    void bombIsStopped() throws IOException {
        ArchiveLimits limits = new ArchiveLimits(10, 100, 100, 10, 1 << 30, 1 << 20, 100);
        for (byte[] bomb : new byte[][] {gzip(new byte[20 << 20]), zstd(new byte[20 << 20])}) {
            assertThatThrownBy(() -> plain(bomb, limits))
                    .isInstanceOf(RafsFormatException.class)
                    .hasMessageContaining("the limit of 100");
        }
        byte[] harmless = gzip(new byte[1 << 20]);
        assertThat(plain(harmless, limits)).hasSize(1 << 20);
        ArchiveLimits few = new ArchiveLimits(10, 100, 100, 10, 1000, 1 << 20, 100);
        assertThatThrownBy(() -> plain(text(3000), few)).hasMessageContaining("limit");
    }
}
