package io.nydus4j.build.stargz;

import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.RafsFormatException;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A piece of a file's data while a table of contents is read. */
final class StargzChunk {
    private final EntryLabel label;
    private final StargzFile file;
    private final int length;
    private final long fileOffset;
    private final long layerOffset;
    private final long innerOffset;
    private final Digest digest;
    private final boolean contentDigest;
    private @Nullable ChunkRecord record;

    /**
     * Makes a chunk.
     *
     * @param entry    says where the data lies
     * @param length   its length, in bytes
     * @param identity makes its id if the entry tells no digest
     * @throws RafsFormatException if the entry's digest is none
     */
    StargzChunk(StargzEntry entry, StargzFile file, int length, EntryIdentity identity) throws RafsFormatException {
        Optional<Digest> told = entry.contentDigest();
        this.label = entry.label();
        this.file = file;
        this.length = length;
        this.fileOffset = entry.chunkOffset();
        this.layerOffset = entry.offset();
        this.innerOffset = entry.innerOffset();
        this.digest = told.orElseGet(() -> identity.of(entry));
        this.contentDigest = told.isPresent();
    }

    /** Returns what the chunk's entry is called. */
    EntryLabel label() {
        return label;
    }

    StargzFile file() {
        return file;
    }

    /** Returns where the chunk starts in its file, in bytes. */
    long fileOffset() {
        return fileOffset;
    }

    /** Returns the number of plain bytes. */
    int length() {
        return length;
    }

    /** Returns where the compressed data starts in the layer, in bytes. */
    long layerOffset() {
        return layerOffset;
    }

    /** Returns where the chunk starts in what is decompressed from there, in bytes. */
    long innerOffset() {
        return innerOffset;
    }

    /** Returns the id of the chunk. */
    Digest digest() {
        return digest;
    }

    /** Tells whether the id is the digest of the plain bytes. */
    boolean hasContentDigest() {
        return contentDigest;
    }

    /** Says where the chunk lies: there, or where an equal one does. */
    void place(ChunkRecord newRecord) {
        record = newRecord.fileOffset() == fileOffset ? newRecord : newRecord.atFileOffset(fileOffset);
    }

    /** Returns where the chunk lies; it has been placed. */
    ChunkRecord record() {
        return Objects.requireNonNull(record, "not placed");
    }
}
