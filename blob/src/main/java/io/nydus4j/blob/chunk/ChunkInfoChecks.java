package io.nydus4j.blob.chunk;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.blob.zran.ZranContext;

/**
 * What must be true of chunk information before it is used.
 *
 * <p>The rules are those of the reference's loader, with three differences: a CRC of value 0 is accepted, because the builder writes it
 * for data that has it; records must follow each other in the uncompressed address space without overlap, because chunks that overlap
 * in a cache would spoil each other; and all records are checked at once. For generated chunk dictionaries the limits of the blob are
 * not checked, as in the reference.
 */
final class ChunkInfoChecks {
    /** Most chunks that one blob may have. */
    static final int MAX_CHUNKS = 1 << 24;

    /** Most plain bytes of one batch or zran context. */
    static final int MAX_CONTEXT = 1 << 24;

    private static final String TABLE = "chunk information";

    private ChunkInfoChecks() {}

    /**
     * Checks the sizes in the header.
     *
     * @param available length of the array in memory, in bytes
     * @return the number of records
     */
    static int checkHeader(long available, ChunkInfoHeader header, BlobInfo blob) throws RafsFormatException {
        BlobFeatures features = blob.features();
        boolean version2 = features.has(BlobFeatures.CHUNK_INFO_V2);
        if (features.has(BlobFeatures.ZRAN) && features.has(BlobFeatures.BATCH)) {
            throw broken("a blob has batch or zran contexts, not both");
        }
        boolean contexts = features.hasAny(BlobFeatures.ZRAN | BlobFeatures.BATCH);
        int count = header.chunkCount();
        if (count < 1 || count > MAX_CHUNKS) {
            throw broken("expected 1 to " + MAX_CHUNKS + " chunks, found " + Integer.toUnsignedString(count));
        }
        if (contexts && !version2) {
            throw broken("batch and zran need records of version 2");
        }
        long recordsSize = (long) count * (version2 ? ChunkInfoLayout.V2 : ChunkInfoLayout.V1).size();
        long plainSize = header.uncompressedSize();
        boolean mayBeLonger = contexts || features.has(BlobFeatures.IS_CHUNKDICT_GENERATED);
        if (plainSize < recordsSize || plainSize > available || (plainSize > recordsSize && !mayBeLonger)) {
            throw broken("expected a plain size of " + recordsSize + " bytes, found " + plainSize + " of " + available);
        }
        if (contexts) {
            checkContextTable(header, recordsSize);
        }
        return count;
    }

    private static void checkContextTable(ChunkInfoHeader header, long recordsSize) throws RafsFormatException {
        long offset = header.contextOffset();
        long size = header.contextSize();
        long count = Integer.toUnsignedLong(header.contextCount());
        if (count == 0 && offset == 0 && size == 0) {
            return;
        }
        if (offset != recordsSize || size < 0 || size > header.uncompressedSize() - offset) {
            throw broken("contexts at " + offset + " with " + size + " bytes do not lie behind the records, in "
                    + header.uncompressedSize() + " bytes");
        }
        if (count > header.chunkCount() || count * BatchContext.SIZE > size) {
            throw broken(count + " contexts for " + header.chunkCount() + " chunks do not fit in " + size + " bytes");
        }
    }

    /** Checks every context against its own limits. */
    static void checkContexts(ChunkInfoTable table) throws RafsFormatException {
        boolean zran = table.hasFeature(BlobFeatures.ZRAN);
        for (int i = 0; i < table.contextCount(); i++) {
            if (zran) {
                checkZran(table, i);
            } else {
                checkBatch(table.batch(i), i);
            }
        }
    }

    private static void checkBatch(BatchContext batch, int index) throws RafsFormatException {
        // A batch of less than 16 bytes grows to 18 when it is encrypted.
        int most = Math.max(batch.uncompressedSize(), ChunkDecoder.PADDED_SIZE);
        if (batch.uncompressedSize() < 1
                || batch.uncompressedSize() > MAX_CONTEXT
                || batch.compressedSize() < 1
                || batch.compressedSize() > most) {
            throw broken("batch " + index + ": impossible sizes, stored "
                    + Integer.toUnsignedString(batch.compressedSize()) + ", plain "
                    + Integer.toUnsignedString(batch.uncompressedSize()));
        }
    }

    private static void checkZran(ChunkInfoTable table, int index) throws RafsFormatException {
        ZranContext context = table.zran(index);
        long dictionaries = table.header().contextSize() - (long) table.contextCount() * ZranContext.SIZE;
        if (context.uncompressedSize() < 0
                || context.uncompressedSize() > MAX_CONTEXT
                || context.compressedSize() < 0
                || context.compressedOffset() < 0
                || context.bitCount() > 7
                || context.dictionarySize() < 0
                || context.dictionarySize() > ZranContext.MAX_DICTIONARY
                || context.dictionaryOffset() < 0
                || context.dictionaryOffset() > dictionaries - context.dictionarySize()) {
            throw broken("zran context " + index + ": impossible values " + context);
        }
    }

    /** Checks every record. */
    static void checkRecords(ChunkInfoTable table, BlobInfo blob) throws RafsFormatException {
        boolean limited = !blob.features().has(BlobFeatures.IS_CHUNKDICT_GENERATED);
        long storedLimit = limited ? blob.compressedDataSize() : Long.MAX_VALUE;
        long plainLimit = limited ? blob.uncompressedSize() + 4095 & -4096L : Long.MAX_VALUE;
        long previousEnd = 0;
        for (int i = 0; i < table.size(); i++) {
            long storedEnd = table.compressedOffset(i) + table.compressedSize(i);
            if (storedEnd > storedLimit) {
                throw broken(
                        i,
                        "stored end 0x" + Long.toHexString(storedEnd) + " is past the end of the data, 0x"
                                + Long.toHexString(storedLimit));
            }
            long plainEnd = table.uncompressedEnd(i);
            if (plainEnd > plainLimit) {
                throw broken(
                        i,
                        "uncompressed end 0x" + Long.toHexString(plainEnd) + " is past the end of the address space, 0x"
                                + Long.toHexString(plainLimit));
            }
            if (limited) {
                if (table.uncompressedOffset(i) < previousEnd) {
                    throw broken(
                            i,
                            "starts at 0x" + Long.toHexString(table.uncompressedOffset(i))
                                    + ", before the end of the chunk in front of it, 0x"
                                    + Long.toHexString(previousEnd));
                }
                checkSizes(table, i);
            }
            previousEnd = plainEnd;
            checkMember(table, i, storedLimit);
        }
    }

    private static void checkSizes(ChunkInfoTable table, int index) throws RafsFormatException {
        int flags = table.flags(index);
        int stored = table.compressedSize(index);
        if (stored == 0 && (flags & ChunkInfoFlags.BATCH) == 0 && !table.hasFeature(BlobFeatures.SEPARATE)) {
            throw broken(index, "has no stored bytes");
        }
        if ((flags & (ChunkInfoFlags.COMPRESSED | ChunkInfoFlags.ENCRYPTED)) == 0
                && stored != table.uncompressedSize(index)) {
            throw broken(
                    index,
                    "is not compressed, but stored in " + stored + " bytes instead of "
                            + table.uncompressedSize(index));
        }
    }

    private static void checkMember(ChunkInfoTable table, int index, long storedLimit) throws RafsFormatException {
        boolean zran = table.isZran(index);
        boolean batch = table.isBatch(index);
        if (!zran && !batch) {
            return;
        }
        boolean known = table.hasFeature(zran ? BlobFeatures.ZRAN : BlobFeatures.BATCH);
        if (!known || (zran && batch)) {
            throw broken(
                    index, "has flags 0x" + Integer.toHexString(table.flags(index)) + " that the blob does not know");
        }
        int context = table.contextIndex(index);
        if (context < 0 || context >= table.contextCount()) {
            throw broken(
                    index,
                    "expected a context below " + table.contextCount() + ", found "
                            + Integer.toUnsignedString(context));
        }
        long end = Integer.toUnsignedLong(table.offsetInContext(index)) + table.uncompressedSize(index);
        if (end > table.unitUncompressedSize(index)) {
            throw broken(
                    index, "ends at " + end + " of " + table.unitUncompressedSize(index) + " bytes in its context");
        }
        long storedEnd = table.unitOffset(index) + table.unitCompressedSize(index);
        if (storedEnd < 0 || storedEnd > storedLimit) {
            throw broken(
                    index,
                    "the stored end of its context, 0x" + Long.toHexString(storedEnd)
                            + ", is past the end of the data, 0x" + Long.toHexString(storedLimit));
        }
    }

    private static RafsFormatException broken(String problem) {
        return new RafsFormatException(TABLE, -1, problem);
    }

    private static RafsFormatException broken(int index, String problem) {
        return new RafsFormatException("chunk " + index, -1, problem);
    }
}
