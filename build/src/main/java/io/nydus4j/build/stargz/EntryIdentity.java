package io.nydus4j.build.stargz;

import io.nydus4j.blob.Digest;
import io.nydus4j.blob.digest.Sha256;
import io.nydus4j.build.json.JsonText;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * The id of a chunk whose digest the table of contents does not tell: the SHA-256 of the entry as compact JSON, all its keys in a fixed
 * order, and the blob's id behind it. It identifies the entry, not the bytes. Mirrors {@code TocEntry::block_id} of the reference.
 */
final class EntryIdentity {
    private final String blobId;

    /** Makes ids for chunks of a blob. */
    EntryIdentity(String blobId) {
        this.blobId = blobId;
    }

    /** Returns the id of an entry. */
    Digest of(StargzEntry entry) {
        byte[] text = (json(entry) + blobId).getBytes(StandardCharsets.UTF_8);
        return new Sha256().digest(text, 0, text.length);
    }

    /** Returns the text that is hashed. Names are spelled as they were read; keys of a newer format are left out. */
    static String json(StargzEntry entry) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("name", entry.name());
        fields.put("type", entry.typeText());
        fields.put("size", unsigned(entry.size()));
        fields.put("linkName", entry.linkName());
        fields.put("mode", Integer.toUnsignedLong(entry.mode()));
        fields.put("uid", Integer.toUnsignedLong(entry.uid()));
        fields.put("gid", Integer.toUnsignedLong(entry.gid()));
        fields.put("userName", entry.userName());
        fields.put("groupName", entry.groupName());
        fields.put("offset", unsigned(entry.offset()));
        fields.put("devMajor", unsigned(entry.deviceMajor()));
        fields.put("devMinor", unsigned(entry.deviceMinor()));
        // The reference's order is random; this one can be repeated.
        fields.put("xattrs", new TreeMap<>(entry.xattrs()));
        fields.put("digest", entry.digest());
        fields.put("chunkOffset", unsigned(entry.chunkOffset()));
        fields.put("chunkSize", unsigned(entry.chunkSize()));
        return JsonText.compact(fields);
    }

    private static Number unsigned(long value) {
        return value >= 0 ? Long.valueOf(value) : new BigInteger(Long.toUnsignedString(value));
    }
}
