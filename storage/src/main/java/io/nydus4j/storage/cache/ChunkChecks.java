package io.nydus4j.storage.cache;

import io.nydus4j.blob.BlobDigestException;
import io.nydus4j.blob.ChunkFlags;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.blob.chunk.ChunkInfoTable;
import io.nydus4j.blob.chunk.ChunkVerifier;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the plain bytes of a blob's chunks must be: checksums and digests by a chunk's index in its blob. Immutable; safe for use by
 * several threads.
 *
 * <p>A CRC-32C is always compared where one is known, from the blob's chunk information or the image. A digest is kept and compared where
 * there is no CRC, and everywhere if digests are asked for.
 */
final class ChunkChecks {
    private static final byte CRC = 1;
    private static final byte DIGEST = 2;
    private static final byte CONFLICT = 4;
    private static final int DIGEST_WORDS = 4;
    /** Most chunks of a blob. */
    static final int MAX_CHUNKS = 1 << 24;

    /** Checks nothing. */
    static final ChunkChecks NONE = new ChunkChecks(null, new byte[0], new int[0], new long[0]);

    private final @Nullable ChunkInfoTable table;
    private final byte[] kinds;
    private final int[] crcs;
    /** Four words for each chunk; empty if no digest is kept. */
    private final long[] digests;

    private ChunkChecks(@Nullable ChunkInfoTable table, byte[] kinds, int[] crcs, long[] digests) {
        this.table = table;
        this.kinds = kinds;
        this.crcs = crcs;
        this.digests = digests;
    }

    /**
     * Collects the checks of a blob.
     *
     * @param table      the blob's chunk information, null if it has none
     * @param records    what an image says of the blob's chunks, in any order
     * @param allDigests whether digests are compared even where there is a CRC
     */
    static ChunkChecks of(@Nullable ChunkInfoTable table, List<ChunkRecord> records, boolean allDigests) {
        int size = 0;
        boolean digested = false;
        for (ChunkRecord record : records) {
            if (record.index() >= 0 && record.index() < MAX_CHUNKS) {
                size = Math.max(size, record.index() + 1);
                digested |= keepsDigest(record, allDigests);
            }
        }
        byte[] kinds = new byte[size];
        int[] crcs = new int[size];
        long[] digests = new long[digested ? Math.multiplyExact(size, DIGEST_WORDS) : 0];
        for (ChunkRecord record : records) {
            int index = record.index();
            if (index < 0 || index >= size) {
                continue;
            }
            if (table != null && contradicts(table, record)) {
                kinds[index] |= CONFLICT;
            }
            if (record.has(ChunkFlags.HAS_CRC32)) {
                kinds[index] |= CRC;
                crcs[index] = record.crc32();
            }
            if (keepsDigest(record, allDigests)) {
                kinds[index] |= DIGEST;
                put(digests, index, record.digest());
            }
        }
        return new ChunkChecks(table, kinds, crcs, digests);
    }

    /**
     * Makes the checks of a list of digests.
     *
     * @param table   the blob's chunk information
     * @param digests the digest of each chunk, one behind the other
     */
    static ChunkChecks ofDigests(ChunkInfoTable table, MemorySegment digests) {
        int size = Math.toIntExact(digests.byteSize() / Digest.SIZE);
        byte[] kinds = new byte[size];
        long[] words = new long[Math.multiplyExact(size, DIGEST_WORDS)];
        for (int i = 0; i < size; i++) {
            Digest digest = Digest.read(digests, (long) i * Digest.SIZE);
            if (!digest.isZero()) {
                kinds[i] = DIGEST;
                put(words, i, digest);
            }
        }
        return new ChunkChecks(table, kinds, new int[size], words);
    }

    private static boolean keepsDigest(ChunkRecord record, boolean allDigests) {
        return record.hasContentDigest() && (allDigests || !record.has(ChunkFlags.HAS_CRC32));
    }

    /** Tells whether an image says another place or length of a chunk than the blob itself. */
    static boolean contradicts(ChunkInfoTable table, ChunkRecord record) {
        int index = record.index();
        return index < 0
                || index >= table.size()
                || table.uncompressedOffset(index) != record.uncompressedOffset()
                || table.uncompressedSize(index) != record.uncompressedSize();
    }

    private static void put(long[] digests, int index, Digest digest) {
        int place = index * DIGEST_WORDS;
        digests[place] = digest.word0();
        digests[place + 1] = digest.word1();
        digests[place + 2] = digest.word2();
        digests[place + 3] = digest.word3();
    }

    private Digest digest(int index) {
        int place = index * DIGEST_WORDS;
        return new Digest(digests[place], digests[place + 1], digests[place + 2], digests[place + 3]);
    }

    /** Returns the digest that a chunk is compared with; null if there is none. */
    @Nullable
    Digest digestOf(int index) {
        return has(index, DIGEST) ? digest(index) : null;
    }

    private boolean has(int index, byte kind) {
        return index < kinds.length && (kinds[index] & kind) != 0;
    }

    /** Tells whether there is something to compare a chunk with. */
    boolean canCheck(int index) {
        return has(index, CRC) || has(index, DIGEST) || table != null && table.hasCrc32(index);
    }

    /**
     * Compares a chunk with all that is known of it.
     *
     * @param index the chunk's index in its blob
     * @param plain its plain bytes
     * @throws BlobDigestException if they are others
     * @throws RafsFormatException if the image and the blob say different things of the chunk
     */
    void check(ChunkVerifier verifier, int index, MemorySegment plain) throws BlobDigestException, RafsFormatException {
        if (has(index, CONFLICT)) {
            throw new RafsFormatException(
                    "chunk " + index,
                    -1,
                    "the image's chunk table and the blob's chunk information say different things");
        }
        if (table != null) {
            verifier.check(table, index, plain);
        }
        if (has(index, CRC)) {
            verifier.checkCrc32(index, crcs[index], plain);
        }
        if (has(index, DIGEST)) {
            verifier.checkDigest(index, digest(index), plain);
        }
    }

    /** Returns these checks, and those of {@code other} where there are none here. */
    ChunkChecks and(ChunkChecks other) {
        int size = Math.max(kinds.length, other.kinds.length);
        byte[] allKinds = Arrays.copyOf(kinds, size);
        int[] allCrcs = Arrays.copyOf(crcs, size);
        boolean digested = digests.length > 0 || other.digests.length > 0;
        long[] allDigests = digested ? Arrays.copyOf(digests, Math.multiplyExact(size, DIGEST_WORDS)) : digests;
        for (int i = 0; i < other.kinds.length; i++) {
            if (!has(i, CRC) && other.has(i, CRC)) {
                allCrcs[i] = other.crcs[i];
            }
            if (!has(i, DIGEST) && other.has(i, DIGEST)) {
                put(allDigests, i, other.digest(i));
            }
            allKinds[i] |= other.kinds[i];
        }
        return new ChunkChecks(table, allKinds, allCrcs, allDigests);
    }
}
