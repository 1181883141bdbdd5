package io.nydus4j.blob.digest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.nydus4j.blob.Digest;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Random;
import org.junit.jupiter.api.Test;

class Sha256Test {
    private static final long SEED = 20261127;

    @Test
    void digestsPiecesOfSegmentsAsOneArray() throws NoSuchAlgorithmException {
        Random random = new Random(SEED);
        byte[] data = new byte[3 << 20];
        random.nextBytes(data);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment segment = arena.allocate(data.length);
            segment.copyFrom(MemorySegment.ofArray(data));
            Sha256 digest = new Sha256();
            int position = 0;
            while (position < data.length) {
                int length = Math.min(random.nextInt(1, 200_000), data.length - position);
                digest.update(segment.asSlice(position, length));
                position += length;
            }
            assertEquals(expected(data, data.length), digest.soFar());
            assertEquals(expected(data, data.length), digest.digest());
        }
    }

    @Test
    void digestsSegmentsOfAnyLengthAfterEachOther() throws NoSuchAlgorithmException {
        Random random = new Random(SEED);
        byte[] data = new byte[2 << 20];
        random.nextBytes(data);
        Sha256 digest = new Sha256();
        for (int length : new int[] {0, 1, 63, 64, 65, 65_535, 65_536, 65_537, (1 << 20) - 1, 1 << 20, data.length}) {
            MemorySegment segment = MemorySegment.ofArray(data).asSlice(0, length);
            assertEquals(expected(data, length), digest.digest(segment), "of " + length + " bytes");
        }
    }

    @Test
    void mixesSegmentsAndArrays() throws NoSuchAlgorithmException {
        byte[] data = new byte[1000];
        new Random(SEED).nextBytes(data);
        Sha256 digest = new Sha256();
        digest.update(data, 0, 100);
        digest.update(MemorySegment.ofArray(data).asSlice(100, 800));
        digest.update(data, 900, 100);
        assertEquals(expected(data, data.length), digest.digest());
    }

    private static Digest expected(byte[] data, int length) throws NoSuchAlgorithmException {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        digest.update(data, 0, length);
        return Digest.of(digest.digest());
    }
}
