package io.nydus4j.daemon.api;

import tools.jackson.core.JsonGenerator;

/**
 * The superblock of a mounted image: {@code GET /api/v1/daemon/backend}. Mirrors {@code RafsSuperMeta} of the reference.
 *
 * @param magic                first number of the file, unsigned
 * @param version              format version
 * @param superblockSize       bytes; 0 for v6
 * @param chunkSize            bytes
 * @param inodesCount          v5: distinct inodes; v6: names
 * @param flags                bits of the superblock flags
 * @param inodeTableEntries    v5
 * @param inodeTableOffset     v5, bytes
 * @param blobTableSize        bytes
 * @param blobTableOffset      bytes
 * @param extendedBlobTableOffset v5, bytes
 * @param extendedBlobTableEntries v5
 * @param deviceTableCount     v6
 * @param deviceTableOffset    v6, bytes
 * @param prefetchTableOffset  bytes
 * @param prefetchTableEntries number of entries
 * @param metaBlockAddress     v6, blocks
 * @param rootNid              v6
 * @param chunkTableOffset     v6, bytes
 * @param chunkTableSize       v6, bytes
 */
public record SuperblockInfo(
        long magic,
        int version,
        long superblockSize,
        long chunkSize,
        long inodesCount,
        long flags,
        long inodeTableEntries,
        long inodeTableOffset,
        long blobTableSize,
        long blobTableOffset,
        long extendedBlobTableOffset,
        long extendedBlobTableEntries,
        long deviceTableCount,
        long deviceTableOffset,
        long prefetchTableOffset,
        long prefetchTableEntries,
        long metaBlockAddress,
        long rootNid,
        long chunkTableOffset,
        long chunkTableSize) {
    /** For how long the kernel may keep what it was told, in seconds. Mirrors the reference's default timeouts. */
    public static final long TIMEOUT_SECONDS = 1L << 32;

    /** Returns this message as JSON. */
    public String toJson() {
        return JsonText.write(this::write);
    }

    private void write(JsonGenerator out) {
        out.writeStartObject();
        JsonText.number(out, "magic", magic);
        JsonText.number(out, "version", version);
        JsonText.number(out, "sb_size", superblockSize);
        JsonText.number(out, "root_inode", 0);
        JsonText.number(out, "chunk_size", chunkSize);
        JsonText.number(out, "batch_size", 0);
        JsonText.number(out, "inodes_count", inodesCount);
        out.writeName("flags");
        out.writeStartObject();
        JsonText.number(out, "bits", flags);
        out.writeEndObject();
        JsonText.number(out, "inode_table_entries", inodeTableEntries);
        JsonText.number(out, "inode_table_offset", inodeTableOffset);
        JsonText.number(out, "blob_table_size", blobTableSize);
        JsonText.number(out, "blob_table_offset", blobTableOffset);
        JsonText.number(out, "extended_blob_table_offset", extendedBlobTableOffset);
        JsonText.number(out, "extended_blob_table_entries", extendedBlobTableEntries);
        JsonText.number(out, "blob_device_table_count", deviceTableCount);
        JsonText.number(out, "blob_device_table_offset", deviceTableOffset);
        JsonText.number(out, "prefetch_table_offset", prefetchTableOffset);
        JsonText.number(out, "prefetch_table_entries", prefetchTableEntries);
        timeout(out, "attr_timeout");
        timeout(out, "entry_timeout");
        out.writeBooleanProperty("is_chunk_dict", false);
        JsonText.number(out, "meta_blkaddr", metaBlockAddress);
        JsonText.number(out, "root_nid", rootNid);
        JsonText.number(out, "chunk_table_offset", chunkTableOffset);
        JsonText.number(out, "chunk_table_size", chunkTableSize);
        out.writeEndObject();
    }

    private static void timeout(JsonGenerator out, String name) {
        out.writeName(name);
        out.writeStartObject();
        JsonText.number(out, "secs", TIMEOUT_SECONDS);
        JsonText.number(out, "nanos", 0);
        out.writeEndObject();
    }
}
