package io.nydus4j.blob.chunk;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkFlags;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.blob.codec.Codec;
import io.nydus4j.blob.crypt.UnitCipher;
import io.nydus4j.blob.zran.ZranContext;
import io.nydus4j.blob.zran.ZranDecoder;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Turns the stored bytes of one blob's chunks, batches and zran contexts into plain bytes: decrypts, then decompresses.
 *
 * <p>Checks lengths, not checksums; {@link ChunkVerifier} does that. Keeps buffers and contexts from call to call, so have one per thread
 * that works. Not safe for use by several threads; holds native memory until it is closed.
 */
public final class ChunkDecoder implements AutoCloseable {
    /** Stored size of an encrypted unit of less than 16 bytes. */
    static final int PADDED_SIZE = UnitCipher.PADDED_SIZE;

    private final Codec codec;
    private final Optional<UnitCipher> cipher;
    private final boolean estimated;
    private @Nullable ZranDecoder zran;
    private byte[] clear = new byte[0];

    /**
     * Makes a decoder.
     *
     * @param compression how the blob's chunks are compressed
     * @param cipher      decrypts the blob's units, for this decoder alone; empty if the blob is not encrypted
     */
    public ChunkDecoder(Compression compression, Optional<UnitCipher> cipher) {
        this(compression, cipher, false);
    }

    private ChunkDecoder(Compression compression, Optional<UnitCipher> cipher, boolean estimated) {
        this.estimated = estimated;
        this.codec = Codec.of(compression);
        this.cipher = cipher;
    }

    /**
     * Makes a decoder for a blob, to be closed by the caller.
     *
     * @throws RafsFormatException if the blob is encrypted in a way that cannot be read
     */
    public static ChunkDecoder of(BlobInfo blob) throws RafsFormatException {
        return new ChunkDecoder(blob.compression(), UnitCipher.of(blob), blob.hasEstimatedChunks());
    }

    /**
     * Decodes the decoding unit of a chunk: the chunk itself, or the whole batch or zran context that it is a member of.
     *
     * @param table  the blob's chunk information
     * @param index  index of the chunk
     * @param stored the unit's {@link ChunkInfoTable#unitCompressedSize} stored bytes; for gzip chunks of old stargz blobs perhaps more
     *               than the member has
     * @param plain  takes the unit's {@link ChunkInfoTable#unitUncompressedSize} plain bytes
     * @throws RafsFormatException if the bytes are malformed or of another length than the table says
     */
    public void decodeUnit(ChunkInfoTable table, int index, MemorySegment stored, MemorySegment plain)
            throws RafsFormatException {
        if (table.isZran(index)) {
            ZranContext context = table.zran(table.contextIndex(index));
            decodeZran(context, table.dictionary(context), stored, plain);
        } else if (table.isBatch(index)) {
            decodeBatch(stored, plain);
        } else {
            decode(table.isCompressed(index), table.isEncrypted(index), stored, plain);
        }
    }

    /**
     * Decodes a chunk by its record in the bootstrap.
     *
     * @param chunk  the record; not a member of a batch
     * @param stored the chunk's stored bytes
     * @param plain  takes the chunk's plain bytes
     * @throws RafsFormatException if the bytes are malformed or of another length than the record says
     */
    public void decode(ChunkRecord chunk, MemorySegment stored, MemorySegment plain) throws RafsFormatException {
        decode(chunk.has(ChunkFlags.COMPRESSED), chunk.has(ChunkFlags.ENCRYPTED), stored, plain);
    }

    /**
     * Decodes a chunk that is stored for itself.
     *
     * @param compressed whether the stored bytes are compressed
     * @param encrypted  whether they are encrypted
     * @param stored     the stored bytes
     * @param plain      takes exactly its size of plain bytes
     * @throws RafsFormatException if the bytes are malformed or hold another number of plain bytes
     */
    public void decode(boolean compressed, boolean encrypted, MemorySegment stored, MemorySegment plain)
            throws RafsFormatException {
        if (!encrypted) {
            expand(compressed, stored, plain);
        } else if (compressed) {
            codec.decompress(decrypt(stored), plain);
        } else {
            int length = length(stored);
            fillClear(stored, length);
            cipher().decryptExactly(clear, 0, length, clear, 0, length(plain));
            MemorySegment.copy(clear, 0, plain, ValueLayout.JAVA_BYTE, 0, length(plain));
        }
    }

    /**
     * Decodes a whole batch. Whether it is compressed is told by its length, after decryption: if that equals the plain length, it is not.
     *
     * @param stored the batch's stored bytes
     * @param plain  takes the batch's plain bytes, the members one behind the other
     * @throws RafsFormatException if the bytes are malformed or hold another number of plain bytes
     */
    public void decodeBatch(MemorySegment stored, MemorySegment plain) throws RafsFormatException {
        boolean whole = cipher.isEmpty() || stored.byteSize() == plain.byteSize();
        if (cipher.isPresent() && whole) {
            decode(false, true, stored, plain);
            return;
        }
        MemorySegment decrypted = cipher.isPresent() ? decrypt(stored) : stored;
        expand(decrypted.byteSize() != plain.byteSize(), decrypted, plain);
    }

    /**
     * Decodes a whole zran context.
     *
     * @param dictionary the window before the context, possibly empty
     * @param stored     the context's compressed bytes
     * @param plain      takes the context's plain bytes, or only the first of them
     * @throws RafsFormatException if the bytes are malformed or hold fewer plain bytes
     */
    public void decodeZran(ZranContext context, MemorySegment dictionary, MemorySegment stored, MemorySegment plain)
            throws RafsFormatException {
        ZranDecoder decoder = zran;
        if (decoder == null) {
            decoder = new ZranDecoder();
            zran = decoder;
        }
        decoder.decode(context, dictionary, stored, plain);
    }

    private void expand(boolean compressed, MemorySegment stored, MemorySegment plain) throws RafsFormatException {
        if (compressed && estimated) {
            codec.decompressStart(stored, plain);
        } else {
            (compressed ? codec : Codec.of(Compression.NONE)).decompress(stored, plain);
        }
    }

    private MemorySegment decrypt(MemorySegment stored) throws RafsFormatException {
        int length = length(stored);
        fillClear(stored, length);
        int plainLength = cipher().decrypt(clear, 0, length, clear, 0);
        return MemorySegment.ofArray(clear).asSlice(0, plainLength);
    }

    private void fillClear(MemorySegment stored, int length) {
        if (clear.length < length) {
            clear = new byte[length];
        }
        MemorySegment.copy(stored, ValueLayout.JAVA_BYTE, 0, clear, 0, length);
    }

    private UnitCipher cipher() throws RafsFormatException {
        return cipher.orElseThrow(() -> new RafsFormatException("chunk", -1, "is encrypted in a blob that is not"));
    }

    private static int length(MemorySegment bytes) throws RafsFormatException {
        if (bytes.byteSize() > ChunkInfoChecks.MAX_CONTEXT) {
            throw new RafsFormatException(
                    "encrypted chunk",
                    -1,
                    "expected at most " + ChunkInfoChecks.MAX_CONTEXT + " bytes, found " + bytes.byteSize());
        }
        return (int) bytes.byteSize();
    }

    /** Frees the native memory. */
    @Override
    public void close() {
        ZranDecoder decoder = zran;
        if (decoder != null) {
            decoder.close();
            zran = null;
        }
    }
}
