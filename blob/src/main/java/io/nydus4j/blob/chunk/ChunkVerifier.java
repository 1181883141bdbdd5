package io.nydus4j.blob.chunk;

import io.nydus4j.blob.BlobDigestException;
import io.nydus4j.blob.ChunkFlags;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.DigestAlgorithm;
import io.nydus4j.blob.digest.ChunkDigester;
import io.nydus4j.blob.digest.Crc32c;
import java.lang.foreign.MemorySegment;
import java.util.HexFormat;

/**
 * Compares the plain bytes of one blob's chunks with the checksums and digests that were recorded for them.
 *
 * <p>Not safe for use by several threads.
 */
public final class ChunkVerifier {
    private final String blobId;
    private final DigestAlgorithm algorithm;
    private final ChunkDigester digester = new ChunkDigester();

    /**
     * Makes a verifier.
     *
     * @param blobId    the blob's id, for errors
     * @param algorithm how the blob's chunks are identified
     */
    public ChunkVerifier(String blobId, DigestAlgorithm algorithm) {
        this.blobId = blobId;
        this.algorithm = algorithm;
    }

    /**
     * Compares a chunk with its CRC-32C.
     *
     * @param index    the chunk's index in the blob, for errors
     * @param expected the recorded CRC
     * @param plain    the chunk's plain bytes
     * @throws BlobDigestException if they differ
     */
    public void checkCrc32(int index, int expected, MemorySegment plain) throws BlobDigestException {
        int found = Crc32c.of(plain);
        if (found != expected) {
            HexFormat hex = HexFormat.of();
            throw new BlobDigestException(name(index), "CRC-32C " + hex.toHexDigits(expected), hex.toHexDigits(found));
        }
    }

    /**
     * Compares a chunk with its digest.
     *
     * @param index    the chunk's index in the blob, for errors
     * @param expected the recorded digest
     * @param plain    the chunk's plain bytes
     * @throws BlobDigestException if they differ
     */
    public void checkDigest(int index, Digest expected, MemorySegment plain) throws BlobDigestException {
        Digest found = digester.digest(algorithm, plain);
        if (!found.equals(expected)) {
            throw new BlobDigestException(name(index), algorithm.text() + " " + expected, found.toString());
        }
    }

    /**
     * Compares a chunk with the CRC in its chunk information, if there is one.
     *
     * @param plain the chunk's plain bytes
     * @return whether there was a CRC to compare with
     * @throws BlobDigestException if they differ
     */
    public boolean check(ChunkInfoTable table, int index, MemorySegment plain) throws BlobDigestException {
        if (!table.hasCrc32(index)) {
            return false;
        }
        checkCrc32(index, table.crc32(index), plain);
        return true;
    }

    /**
     * Compares a chunk with the CRC in its record, or where that has none with its digest, if it has one.
     *
     * @param plain the chunk's plain bytes
     * @return whether there was something to compare with
     * @throws BlobDigestException if they differ
     */
    public boolean check(ChunkRecord chunk, MemorySegment plain) throws BlobDigestException {
        if (chunk.has(ChunkFlags.HAS_CRC32)) {
            checkCrc32(chunk.index(), chunk.crc32(), plain);
            return true;
        }
        if (!chunk.hasContentDigest()) {
            return false;
        }
        checkDigest(chunk.index(), chunk.digest(), plain);
        return true;
    }

    private String name(int index) {
        return "chunk " + index + " of blob " + blobId;
    }
}
