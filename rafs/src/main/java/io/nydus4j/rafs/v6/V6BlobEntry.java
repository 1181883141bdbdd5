package io.nydus4j.rafs.v6;

import static io.nydus4j.rafs.v6.V6Constants.bytes;
import static io.nydus4j.rafs.v6.V6Constants.i32;
import static io.nydus4j.rafs.v6.V6Constants.i64;
import static io.nydus4j.rafs.v6.V6Constants.put32;
import static io.nydus4j.rafs.v6.V6Constants.put64;
import static io.nydus4j.rafs.v6.V6Constants.putBytes;
import static io.nydus4j.rafs.v6.V6Constants.u32;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.CipherAlgorithm;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.DigestAlgorithm;
import io.nydus4j.blob.RafsFormatException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * An entry of the blob table, which becomes a {@link BlobInfo}.
 *
 * <p>On disk (little-endian, {@value #SIZE} bytes):
 * <pre>
 *   off size name
 *     0   64 blob id, zero padded
 *    64    4 position in the table
 *    68    4 chunk size, that of the image
 *    72    4 number of chunks
 *    76    4 compression
 *    80    4 digest algorithm
 *    84    4 features, see {@link BlobFeatures}
 *    88    8 compressed size
 *    96    8 uncompressed size
 *   104    4 size of the table of contents with its tar header
 *   108    4 compression of the chunk information array
 *   112    8 offset of the chunk information array
 *   120    8 stored size of the chunk information array
 *   128    8 plain size of the chunk information array
 *   136   32 digest of the table of contents
 *   168   32 digest that names the metadata blob, or the key of an encrypted blob
 *   200    8 size of the metadata blob, or the first half of the IV
 *   208    8 second half of the IV
 *   216    4 cipher
 *   220   36 reserved, zero
 * </pre>
 * Mirrors {@code RafsV6Blob} of the reference.
 */
final class V6BlobEntry {
    /** Length of an entry in bytes. */
    static final int SIZE = 256;
    /** Length of the field for the id in bytes. */
    static final int ID_SIZE = 64;

    private static final int INDEX = 64;
    private static final int CHUNK_SIZE = 68;
    private static final int CHUNK_COUNT = 72;
    private static final int COMPRESSION = 76;
    private static final int DIGEST_ALGORITHM = 80;
    private static final int FEATURES = 84;
    private static final int COMPRESSED_SIZE = 88;
    private static final int UNCOMPRESSED_SIZE = 96;
    private static final int TOC_SIZE = 104;
    private static final int CI_COMPRESSION = 108;
    private static final int CI_OFFSET = 112;
    private static final int CI_COMPRESSED_SIZE = 120;
    private static final int CI_UNCOMPRESSED_SIZE = 128;
    private static final int TOC_DIGEST = 136;
    private static final int META_DIGEST = 168;
    private static final int META_SIZE = 200;
    private static final int CIPHER_IV = 208;
    private static final int CIPHER = 216;

    /** Size of a record of chunk information, version 1, in bytes. */
    private static final int CHUNK_INFO_V1_SIZE = 16;
    /** Size of a record of chunk information, version 2, in bytes. */
    private static final int CHUNK_INFO_V2_SIZE = 24;

    private V6BlobEntry() {}

    /**
     * Reads and checks an entry.
     *
     * @param file      the whole bootstrap; not kept
     * @param offset    start of the entry, which the caller has checked to fit
     * @param position  position of the entry in the table
     * @param chunkSize the image's chunk size in bytes
     * @param tarfs     whether the image is of tar files
     * @throws RafsFormatException if a field has a value that no reader may accept
     */
    static BlobInfo read(MemorySegment file, long offset, int position, int chunkSize, boolean tarfs)
            throws RafsFormatException {
        String name = "blob table entry " + position;
        int index = i32(file, offset + INDEX);
        check(index == position, name, offset, "found index " + Integer.toUnsignedString(index));
        long entryChunkSize = u32(file, offset + CHUNK_SIZE);
        check(entryChunkSize == chunkSize, name, offset, "chunk size " + entryChunkSize + " is not the image's");
        long count = u32(file, offset + CHUNK_COUNT);
        check(count <= V6Constants.MAX_CHUNKS_PER_BLOB, name, offset, count + " chunks are too many");
        BlobInfo info = BlobInfo.builder()
                .id(id(bytes(file, offset, ID_SIZE), name, offset))
                .index(index)
                .chunkSize(chunkSize)
                .chunkCount((int) count)
                .compression(Compression.ofCode(i32(file, offset + COMPRESSION), name, offset))
                .digestAlgorithm(DigestAlgorithm.ofCode(i32(file, offset + DIGEST_ALGORITHM), name, offset))
                .features(new BlobFeatures(i32(file, offset + FEATURES)))
                .compressedSize(i64(file, offset + COMPRESSED_SIZE))
                .uncompressedSize(i64(file, offset + UNCOMPRESSED_SIZE))
                .tocSize(i32(file, offset + TOC_SIZE))
                .tocDigest(Digest.read(file, offset + TOC_DIGEST))
                .chunkInfoCompression(Compression.ofCode(i32(file, offset + CI_COMPRESSION), name, offset))
                .chunkInfoOffset(i64(file, offset + CI_OFFSET))
                .chunkInfoCompressedSize(i64(file, offset + CI_COMPRESSED_SIZE))
                .chunkInfoUncompressedSize(i64(file, offset + CI_UNCOMPRESSED_SIZE))
                .metaDigest(Digest.read(file, offset + META_DIGEST))
                .metaSize(i64(file, offset + META_SIZE))
                .cipherIv(i64(file, offset + CIPHER_IV))
                .cipher(CipherAlgorithm.ofCode(i32(file, offset + CIPHER), name, offset))
                .build();
        checkSizes(info, name, offset);
        checkFeatures(info, name, offset, tarfs);
        return info;
    }

    private static void checkSizes(BlobInfo info, String name, long offset) throws RafsFormatException {
        checkRange(info.compressedSize(), V6Constants.MAX_COMPRESSED_SIZE, "compressed size", name, offset);
        checkRange(info.uncompressedSize(), V6Constants.MAX_UNCOMPRESSED_SIZE, "uncompressed size", name, offset);
        // The array holds at most 24 bytes for each chunk, 40 for each context and dictionaries, so these bounds are
        // wide.
        checkRange(info.chunkInfoOffset(), V6Constants.MAX_COMPRESSED_SIZE, "chunk information offset", name, offset);
        checkRange(
                info.chunkInfoUncompressedSize(),
                V6Constants.MAX_COMPRESSED_SIZE,
                "chunk information size",
                name,
                offset);
        checkRange(
                info.chunkInfoCompressedSize(),
                info.chunkInfoUncompressedSize(),
                "stored chunk information size",
                name,
                offset);
    }

    private static void checkFeatures(BlobInfo info, String name, long offset, boolean tarfs)
            throws RafsFormatException {
        BlobFeatures features = info.features();
        features.validate(name, offset);
        check(features.has(BlobFeatures.ALIGNED) != tarfs, name, offset, "features " + features + " of the wrong kind");
        long count = info.chunkCount();
        long plain = info.chunkInfoUncompressedSize();
        boolean contexts = features.hasAny(BlobFeatures.BATCH | BlobFeatures.ZRAN | BlobFeatures.ENCRYPTED);
        boolean good;
        if (features.has(BlobFeatures.CHUNK_INFO_V2)) {
            long records = CHUNK_INFO_V2_SIZE * count;
            good = contexts ? plain >= records : plain == records;
        } else if (contexts) {
            good = false;
        } else {
            good = tarfs
                    || features.hasAny(BlobFeatures.IS_CHUNKDICT_GENERATED | BlobFeatures.EXTERNAL)
                    || plain == CHUNK_INFO_V1_SIZE * count;
        }
        check(
                good,
                name,
                offset,
                plain + " bytes of chunk information do not fit " + count + " chunks and features " + features);
    }

    /**
     * Returns the text of an id field.
     *
     * @throws RafsFormatException if it is empty, no UTF-8, or could not be the name of a file
     */
    static String id(byte[] field, String structure, long offset) throws RafsFormatException {
        int length = field.length;
        while (length > 0 && field[length - 1] == 0) {
            length--;
        }
        String id;
        try {
            id = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(field, 0, length))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new RafsFormatException(structure, offset, "the blob id is no UTF-8 text", e);
        }
        // Ids become names of files in caches and backends.
        boolean safe =
                !id.isEmpty() && id.indexOf('/') < 0 && id.indexOf('\0') < 0 && !id.equals(".") && !id.equals("..");
        check(safe, structure, offset, "the blob id is empty or no name of a file");
        return id;
    }

    /** Writes the entry for {@code info} at {@code offset} of {@code file}; its id has at most 64 bytes. */
    static void write(BlobInfo info, MemorySegment file, long offset) {
        putBytes(file, offset, info.id().getBytes(StandardCharsets.UTF_8));
        put32(file, offset + INDEX, info.index());
        put32(file, offset + CHUNK_SIZE, info.chunkSize());
        put32(file, offset + CHUNK_COUNT, info.chunkCount());
        put32(file, offset + COMPRESSION, info.compression().code());
        put32(file, offset + DIGEST_ALGORITHM, info.digestAlgorithm().code());
        put32(file, offset + FEATURES, info.features().bits());
        put64(file, offset + COMPRESSED_SIZE, info.compressedSize());
        put64(file, offset + UNCOMPRESSED_SIZE, info.uncompressedSize());
        put32(file, offset + TOC_SIZE, info.tocSize());
        put32(file, offset + CI_COMPRESSION, info.chunkInfoCompression().code());
        put64(file, offset + CI_OFFSET, info.chunkInfoOffset());
        put64(file, offset + CI_COMPRESSED_SIZE, info.chunkInfoCompressedSize());
        put64(file, offset + CI_UNCOMPRESSED_SIZE, info.chunkInfoUncompressedSize());
        info.tocDigest().write(file, offset + TOC_DIGEST);
        info.metaDigest().write(file, offset + META_DIGEST);
        put64(file, offset + META_SIZE, info.metaSize());
        put64(file, offset + CIPHER_IV, info.cipherIv());
        put32(file, offset + CIPHER, info.cipher().code());
    }

    private static void checkRange(long value, long most, String field, String name, long offset)
            throws RafsFormatException {
        check(
                value >= 0 && value <= most,
                name,
                offset,
                "expected " + field + " 0 to " + most + ", found " + Long.toUnsignedString(value));
    }

    private static void check(boolean good, String name, long offset, String problem) throws RafsFormatException {
        if (!good) {
            throw new RafsFormatException(name, offset, problem);
        }
    }
}
