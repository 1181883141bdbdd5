package io.nydus4j.build.write;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.blob.Digest;
import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A blob has the same name on machines with OpenSSL and on those without. */
final class StreamSha256Test {
    private static final long SEED = 20261127;

    @Test
    void bothWaysGiveTheDigestOfTheJdkAfterEachPiece() throws NoSuchAlgorithmException {
        byte[] data = new byte[200_000];
        new Random(SEED).nextBytes(data);
        StreamSha256 chosen = StreamSha256.start();
        StreamSha256 byJava = new StreamSha256.ByJava();
        MessageDigest expected = MessageDigest.getInstance("SHA-256");
        int start = 0;
        for (int length : new int[] {0, 3, 61, 1000, 100_000, data.length - 101_064}) {
            chosen.update(MemorySegment.ofArray(data).asSlice(start, length));
            byJava.update(MemorySegment.ofArray(data).asSlice(start, length));
            expected.update(data, start, length);
            start += length;
            Digest soFar = Digest.of(copyOf(expected).digest());
            assertThat(chosen.soFar()).isEqualTo(soFar);
            assertThat(byJava.soFar()).isEqualTo(soFar);
            assertThat(StreamSha256.of(MemorySegment.ofArray(data).asSlice(0, start)))
                    .isEqualTo(soFar);
        }
    }

    private static MessageDigest copyOf(MessageDigest digest) {
        try {
            return (MessageDigest) digest.clone();
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException(e);
        }
    }
}
