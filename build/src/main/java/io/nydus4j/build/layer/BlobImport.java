package io.nydus4j.build.layer;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.PositionalSource;
import io.nydus4j.blob.digest.Sha256;
import io.nydus4j.blob.toc.Toc;
import io.nydus4j.storage.BlobBackend;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import java.util.Optional;

/**
 * Takes entries of another image's blob table over into a new one, whose bootstrap lies elsewhere: what the place of the old bootstrap
 * told must be said by the entry now. Mirrors {@code BlobContext::from} of the reference.
 */
public final class BlobImport {
    private final Optional<BlobBackend> blobs;

    /**
     * Makes an import.
     *
     * @param blobs where the blobs are, if that is known; asked only for those that had their bootstrap inlined
     */
    public BlobImport(Optional<BlobBackend> blobs) {
        this.blobs = blobs;
    }

    /**
     * Returns the entry for a bootstrap elsewhere. May block on the network.
     *
     * @param blob as the image has it, with the id that the bootstrap's file name gives
     * @throws IOException if the blob is needed and cannot be read
     */
    public BlobInfo take(BlobInfo blob) throws IOException {
        BlobInfo.Builder entry = blob.toBuilder().pathId(Optional.empty());
        boolean separate = blob.features().has(BlobFeatures.SEPARATE);
        if (!blob.features().has(BlobFeatures.INLINED_FS_META)) {
            if (!blob.features().has(BlobFeatures.CAP_TAR_TOC) && blobs.isEmpty()) {
                entry.id(blob.effectiveId());
            }
            return entry.build();
        }
        entry.features(blob.features().without(BlobFeatures.INLINED_FS_META));
        if (!separate) {
            entry.id(blob.effectiveId());
        }
        if (separate) {
            metaDigest(blob).ifPresent(entry::metaDigest);
        }
        if (blobs.isPresent()) {
            String id = separate ? blob.metaId() : blob.effectiveId();
            measure(blob, open(blobs.get(), id), separate, entry);
        }
        return entry.build();
    }

    /** Returns the digest that a metadata blob's name is; empty if it is named otherwise. */
    private static Optional<Digest> metaDigest(BlobInfo blob) {
        try {
            byte[] digest = HexFormat.of().parseHex(blob.metaId());
            return digest.length == Digest.SIZE ? Optional.of(Digest.of(digest)) : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static PositionalSource open(BlobBackend blobs, String id) throws IOException {
        try {
            PositionalSource source = blobs.open(id);
            // Where a backend opens nothing before it must, this does.
            source.size();
            return source;
        } catch (IOException e) {
            throw new IOException("failed to get reader for blob " + id, e);
        }
    }

    /** Sets what a blob with its bootstrap inlined could not know when it was written: its own size and table of contents. */
    private static void measure(BlobInfo blob, PositionalSource source, boolean separate, BlobInfo.Builder entry)
            throws IOException {
        if (!separate) {
            entry.compressedSize(source.size());
        } else if (metaDigest(blob).isPresent()) {
            entry.metaSize(source.size());
        }
        if (blob.features().has(BlobFeatures.HAS_TOC)) {
            Optional<Toc> toc = Toc.find(source);
            if (toc.isPresent()) {
                byte[] bytes = toc.get().toBytes();
                entry.tocSize(bytes.length).tocDigest(new Sha256().digest(MemorySegment.ofArray(bytes)));
            }
        }
    }
}
