package io.nydus4j.linux.crypto;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** OpenSSL's SHA-256 is that of Java. */
final class NativeSha256Test {
    private static final long SEED = 20261127;

    private static NativeSha256 hasher() {
        Optional<NativeSha256> hasher = NativeSha256.create();
        assumeTrue(hasher.isPresent(), "this machine has no OpenSSL 3");
        return hasher.orElseThrow();
    }

    private static byte[] expected(byte[] data, int length) throws NoSuchAlgorithmException {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        digest.update(data, 0, length);
        return digest.digest();
    }

    @Test
    void piecesOnAndOffTheHeapAreDigestedAsOneArray() throws NoSuchAlgorithmException {
        Random random = new Random(SEED);
        byte[] data = new byte[3 << 20];
        random.nextBytes(data);
        NativeSha256 hasher = hasher();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment outside = arena.allocate(data.length).copyFrom(MemorySegment.ofArray(data));
            int position = 0;
            while (position < data.length) {
                int length = Math.min(random.nextInt(1, 300_000), data.length - position);
                MemorySegment all = random.nextBoolean() ? outside : MemorySegment.ofArray(data);
                hasher.update(all.asSlice(position, length));
                position += length;
            }
        }
        assertArrayEquals(expected(data, data.length), hasher.soFar());
    }

    @Test
    void theDigestSoFarIsRightAfterEachPieceOfAnyLength() throws NoSuchAlgorithmException {
        byte[] data = new byte[300];
        new Random(SEED).nextBytes(data);
        NativeSha256 hasher = hasher();
        int end = 0;
        for (int length : new int[] {0, 1, 54, 1, 7, 1, 64, 127, 0, 45}) {
            hasher.update(MemorySegment.ofArray(data).asSlice(end, length));
            end += length;
            assertArrayEquals(expected(data, end), hasher.soFar(), "of " + end + " bytes");
        }
    }

    @Test
    void whatIsHashedAtTheSameTimeIsKeptApart() throws NoSuchAlgorithmException {
        byte[] data = new byte[1000];
        new Random(SEED).nextBytes(data);
        NativeSha256 first = hasher();
        NativeSha256 second = hasher();
        first.update(MemorySegment.ofArray(data).asSlice(0, 500));
        second.update(MemorySegment.ofArray(data).asSlice(0, 700));
        first.update(MemorySegment.ofArray(data).asSlice(500, 500));
        assertArrayEquals(expected(data, 1000), first.soFar());
        assertArrayEquals(expected(data, 700), second.soFar());
    }
}
