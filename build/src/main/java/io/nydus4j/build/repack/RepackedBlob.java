package io.nydus4j.build.repack;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkFlags;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.chunk.ChunkInfo;
import io.nydus4j.blob.chunk.ChunkInfoFlags;
import io.nydus4j.blob.chunk.ChunkInfoHeader;
import io.nydus4j.blob.chunk.ChunkInfoWriter;
import io.nydus4j.blob.codec.Codec;
import io.nydus4j.blob.crypt.UnitCipher;
import io.nydus4j.build.read.ChunkReader;
import io.nydus4j.build.write.BlobTail;
import io.nydus4j.build.write.BlobWriter;
import io.nydus4j.build.write.ChunkSettings;
import io.nydus4j.build.write.StoredChunks;
import io.nydus4j.rafs.RafsVersion;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A new blob made of chunks that other blobs have. Each chunk is verified and then copied as it is stored, or packed anew where that
 * would not do: members of batches and zran contexts, encrypted chunks, other compressions. Equal chunks are stored once. Not safe for use
 * by several threads.
 */
public final class RepackedBlob {
    private static final int ALIGNMENT = 4096;
    /** v6 has 24 bits for a chunk index, and keeps the last value. */
    private static final int MOST_CHUNKS = 0xFF_FFFF;

    private final RafsVersion version;
    private final BlobInfo entry;
    private final Optional<UnitCipher> cipher;
    private final BlobWriter blob;
    private final ChunkInfoWriter chunkInfo;
    private final boolean aligned;
    private final boolean withHeaders;
    private final Map<Digest, ChunkRecord> known = new HashMap<>();
    private int chunkCount;
    private long storedSize;
    private long uncompressedSize;
    private long plainBytes;
    private byte[] packed = new byte[0];

    /**
     * Starts a blob.
     *
     * @param entry  what is known of the blob: index, chunk size, compression, digest algorithm, features, key
     * @param cipher encrypts it with the entry's key; empty for not
     * @param withHeaders whether tar headers follow its parts
     * @param blob   takes its bytes
     */
    public RepackedBlob(
            RafsVersion version, BlobInfo entry, Optional<UnitCipher> cipher, boolean withHeaders, BlobWriter blob) {
        this.version = version;
        this.entry = entry;
        this.cipher = cipher;
        this.blob = blob;
        this.chunkInfo = new ChunkInfoWriter(entry.features());
        this.withHeaders = withHeaders;
        this.aligned = entry.features().has(BlobFeatures.ALIGNED);
    }

    /**
     * Adds a chunk of another blob, unless it is here already.
     *
     * @param chunk  its record
     * @param reader reads it and verifies it
     * @return its record in this blob
     * @throws IOException if it cannot be read, is not what its record says, or this blob cannot be written
     */
    public ChunkRecord add(ChunkRecord chunk, ChunkReader reader) throws IOException {
        ChunkRecord same = chunk.digest().isZero() ? null : known.get(chunk.digest());
        if (same != null && same.uncompressedSize() == chunk.uncompressedSize()) {
            return same.atFileOffset(chunk.fileOffset());
        }
        if (chunkCount >= MOST_CHUNKS) {
            throw new IOException("the new blob would have more than " + MOST_CHUNKS + " chunks");
        }
        MemorySegment plain = reader.read(chunk);
        Optional<MemorySegment> copy = cipher.isPresent() ? Optional.empty() : reader.stored(entry.compression());
        MemorySegment stored;
        boolean compressed;
        if (copy.isPresent()) {
            stored = copy.get();
            compressed = chunk.has(ChunkFlags.COMPRESSED);
        } else {
            Optional<MemorySegment> smaller = pack(plain);
            compressed = smaller.isPresent();
            stored = smaller.orElse(plain);
            if (cipher.isPresent()) {
                stored = encrypt(cipher.get(), stored);
            }
        }
        ChunkRecord record = record(chunk, stored, compressed);
        blob.append(stored);
        if (version == RafsVersion.V6) {
            addInfo(record);
        }
        storedSize += stored.byteSize();
        plainBytes += plain.byteSize();
        long length = plain.byteSize();
        uncompressedSize += aligned ? Math.ceilDiv(length, ALIGNMENT) * ALIGNMENT : length;
        chunkCount++;
        known.putIfAbsent(record.digest(), record);
        return record;
    }

    /** Returns the chunk compressed, if that is smaller. */
    private Optional<MemorySegment> pack(MemorySegment plain) {
        if (entry.compression() == Compression.NONE) {
            return Optional.empty();
        }
        Codec codec = Codec.of(entry.compression());
        int room = codec.maxCompressedLength((int) plain.byteSize());
        if (packed.length < room) {
            packed = new byte[room];
        }
        int length = codec.compress(plain, MemorySegment.ofArray(packed));
        return length == Codec.STORED
                ? Optional.empty()
                : Optional.of(MemorySegment.ofArray(packed).asSlice(0, length));
    }

    private static MemorySegment encrypt(UnitCipher cipher, MemorySegment stored) {
        byte[] bytes = stored.toArray(ValueLayout.JAVA_BYTE);
        byte[] encrypted = new byte[UnitCipher.encryptedSize(bytes.length)];
        cipher.encrypt(bytes, 0, bytes.length, encrypted, 0);
        return MemorySegment.ofArray(encrypted);
    }

    private ChunkRecord record(ChunkRecord chunk, MemorySegment stored, boolean compressed) {
        int flags = chunk.flags() & ChunkFlags.HAS_CRC32;
        if (compressed) {
            flags |= ChunkFlags.COMPRESSED;
        }
        if (cipher.isPresent()) {
            flags |= ChunkFlags.ENCRYPTED;
        }
        return new ChunkRecord(
                chunk.digest(),
                entry.index(),
                flags,
                (int) stored.byteSize(),
                chunk.uncompressedSize(),
                storedSize,
                uncompressedSize,
                chunk.fileOffset(),
                chunkCount,
                chunk.crc32());
    }

    private void addInfo(ChunkRecord record) throws IOException {
        boolean hasCrc = record.has(ChunkFlags.HAS_CRC32);
        int flags = (record.has(ChunkFlags.COMPRESSED) ? ChunkInfoFlags.COMPRESSED : 0)
                | (cipher.isPresent() ? ChunkInfoFlags.ENCRYPTED : 0)
                | (hasCrc ? ChunkInfoFlags.HAS_CRC32 : 0);
        try {
            chunkInfo.add(new ChunkInfo(
                    record.uncompressedOffset(),
                    record.uncompressedSize(),
                    record.compressedOffset(),
                    record.compressedSize(),
                    flags,
                    hasCrc ? Integer.toUnsignedLong(record.crc32()) : 0));
        } catch (IllegalArgumentException e) {
            throw new IOException("the image does not fit its format: " + e.getMessage(), e);
        }
    }

    /**
     * Ends the blob: writes what follows its chunks.
     *
     * @return its entry, with the id that its bytes give it
     */
    public BlobInfo finish() throws IOException {
        BlobInfo.Builder finished = entry.toBuilder().chunkCount(chunkCount).uncompressedSize(uncompressedSize);
        BlobTail tail = new BlobTail(blob, withHeaders, false);
        StoredChunks chunks =
                new StoredChunks(chunkCount, storedSize, uncompressedSize, 0, chunkInfo, new byte[0], plainBytes, 0, 0);
        tail.endData(chunks, 0);
        if (version == RafsVersion.V6 && chunkCount > 0) {
            ChunkInfoHeader header = tail.appendChunkInfo(chunks, settings());
            finished.chunkInfoCompression(header.compression())
                    .chunkInfoOffset(header.offset())
                    .chunkInfoCompressedSize(header.compressedSize())
                    .chunkInfoUncompressedSize(header.uncompressedSize());
        }
        return finished.id(blob.runningDigest().toString())
                .compressedSize(version == RafsVersion.V6 ? blob.position() : storedSize)
                .build();
    }

    private ChunkSettings settings() {
        return new ChunkSettings(
                entry.chunkSize(),
                0,
                entry.compression(),
                entry.digestAlgorithm(),
                cipher,
                aligned,
                true,
                false,
                entry.features(),
                0);
    }

    /** Returns the number of chunks so far. */
    public int chunkCount() {
        return chunkCount;
    }
}
