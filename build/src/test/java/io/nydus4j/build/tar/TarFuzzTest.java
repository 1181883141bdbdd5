package io.nydus4j.build.tar;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.nydus4j.blob.RafsFormatException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;

/** Archives from anywhere: only a format error may come out, in little time and memory. */
final class TarFuzzTest {
    private static final ArchiveLimits LIMITS = new ArchiveLimits(1000, 0xFFFF, 1 << 16, 1000, 1 << 20, 1 << 20, 100);

    /** Input: an archive, compressed or not. Checksums of headers are made right first, or no input would come far. */
    @FuzzTest(maxDuration = "60s")
    void tar(byte[] data) throws IOException {
        byte[] archive = data.clone();
        for (int at = 0; at + 512 <= archive.length; at += 512) {
            if (archive[at + 257] == 'u') {
                setChecksum(archive, at);
            }
        }
        try (TarReader reader = new TarReader(
                ArchiveInputs.open(Channels.newChannel(new ByteArrayInputStream(archive)), LIMITS), LIMITS)) {
            ByteBuffer buffer = ByteBuffer.allocate(4096);
            while (reader.next() != null) {
                while (reader.read(buffer.clear()) >= 0) {
                    // All of it.
                }
            }
        } catch (RafsFormatException expected) {
            // What a reader may throw.
        }
    }

    private static void setChecksum(byte[] archive, int at) {
        int sum = 8 * ' ';
        for (int i = 0; i < 512; i++) {
            sum += i >= 148 && i < 156 ? 0 : Byte.toUnsignedInt(archive[at + i]);
        }
        byte[] text = TestTar.bytes("%06o\0 ".formatted(sum));
        System.arraycopy(text, 0, archive, at + 148, text.length);
    }

    /** Input: the records of an extended header. */
    @FuzzTest(maxDuration = "60s")
    void pax(byte[] data) {
        try {
            PaxAttributes attributes = new PaxAttributes(null, 100);
            attributes.parse(data);
            attributes.xattrs();
            attributes.sparsePieces();
            attributes.number("size");
        } catch (IllegalArgumentException expected) {
            // What it may throw.
        }
    }
}
