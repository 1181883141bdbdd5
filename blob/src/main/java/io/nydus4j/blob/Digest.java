package io.nydus4j.blob;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.HexFormat;

/**
 * A 32-byte digest, BLAKE3 or SHA-256, ordered as its bytes are.
 *
 * @param word0 bytes 0 to 7, big-endian
 * @param word1 bytes 8 to 15, big-endian
 * @param word2 bytes 16 to 23, big-endian
 * @param word3 bytes 24 to 31, big-endian
 */
public record Digest(long word0, long word1, long word2, long word3) implements Comparable<Digest> {
    /** Length of a digest in bytes. */
    public static final int SIZE = 32;

    /** 32 zero bytes: no digest. */
    public static final Digest ZERO = new Digest(0, 0, 0, 0);

    private static final VarHandle WORD = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    /** Reads the 32 bytes at {@code offset} of {@code segment}. */
    public static Digest read(MemorySegment segment, long offset) {
        byte[] bytes = new byte[SIZE];
        MemorySegment.copy(segment, ValueLayout.JAVA_BYTE, offset, bytes, 0, SIZE);
        return read(bytes, 0);
    }

    /** Reads the 32 bytes at {@code offset} of {@code bytes}. */
    public static Digest read(byte[] bytes, int offset) {
        return new Digest(
                (long) WORD.get(bytes, offset),
                (long) WORD.get(bytes, offset + 8),
                (long) WORD.get(bytes, offset + 16),
                (long) WORD.get(bytes, offset + 24));
    }

    /**
     * Returns the digest in {@code bytes}.
     *
     * @param bytes exactly 32 bytes
     * @throws IllegalArgumentException if there are more or fewer
     */
    public static Digest of(byte[] bytes) {
        if (bytes.length != SIZE) {
            throw new IllegalArgumentException("a digest has 32 bytes, not " + bytes.length);
        }
        return read(bytes, 0);
    }

    /**
     * Returns the digest that {@code hex} spells.
     *
     * @throws IllegalArgumentException unless {@code hex} is 64 hexadecimal digits
     */
    public static Digest parse(String hex) {
        return of(HexFormat.of().parseHex(hex));
    }

    /** Writes the 32 bytes at {@code offset} of {@code segment}. */
    public void write(MemorySegment segment, long offset) {
        MemorySegment.copy(toBytes(), 0, segment, ValueLayout.JAVA_BYTE, offset, SIZE);
    }

    /** Writes the 32 bytes at {@code offset} of {@code bytes}. */
    public void write(byte[] bytes, int offset) {
        WORD.set(bytes, offset, word0);
        WORD.set(bytes, offset + 8, word1);
        WORD.set(bytes, offset + 16, word2);
        WORD.set(bytes, offset + 24, word3);
    }

    /** Returns the 32 bytes. */
    public byte[] toBytes() {
        byte[] bytes = new byte[SIZE];
        write(bytes, 0);
        return bytes;
    }

    /** Tells whether all bytes are zero, which stands for "no digest". */
    public boolean isZero() {
        return (word0 | word1 | word2 | word3) == 0;
    }

    @Override
    public int compareTo(Digest other) {
        int order = Long.compareUnsigned(word0, other.word0);
        if (order == 0) {
            order = Long.compareUnsigned(word1, other.word1);
        }
        if (order == 0) {
            order = Long.compareUnsigned(word2, other.word2);
        }
        return order != 0 ? order : Long.compareUnsigned(word3, other.word3);
    }

    /** Spelled out: what a record has of itself is put together by method handles at the first call. */
    @Override
    public boolean equals(Object other) {
        return other instanceof Digest digest
                && word0 == digest.word0
                && word1 == digest.word1
                && word2 == digest.word2
                && word3 == digest.word3;
    }

    /** Digests are uniformly spread, so any eight bytes of one are a good hash. */
    @Override
    public int hashCode() {
        return Long.hashCode(word0);
    }

    /** Returns the 64 lower-case hexadecimal digits. */
    @Override
    public String toString() {
        return HexFormat.of().formatHex(toBytes());
    }
}
