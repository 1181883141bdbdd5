package io.nydus4j.build.layer;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkFlags;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.DigestAlgorithm;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.RafsVersion;
import io.nydus4j.rafs.tree.ImageTree;
import io.nydus4j.rafs.tree.Node;
import io.nydus4j.rafs.tree.TreeLoader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The chunks of an image, by their digests: of several with one digest the first counts. Mirrors {@code HashChunkDict} of the reference.
 * Not safe for use by several threads while it is filled.
 */
public final class ImageChunks {
    private final List<BlobInfo> blobs;
    private final DigestAlgorithm algorithm;
    private final Map<Digest, ChunkRecord> chunks = new HashMap<>();

    private ImageChunks(List<BlobInfo> blobs, DigestAlgorithm algorithm) {
        this.blobs = blobs;
        this.algorithm = algorithm;
    }

    /**
     * Collects the chunks of an image's files.
     *
     * @param tree      the image's names; numbered here if it is not yet
     * @param blobs     the image's blobs
     * @param algorithm how the chunks to be looked up are digested; chunks of blobs with another algorithm are left out
     */
    public static ImageChunks ofTree(ImageTree tree, List<BlobInfo> blobs, DigestAlgorithm algorithm)
            throws RafsFormatException {
        ImageChunks all = new ImageChunks(blobs, algorithm);
        tree.number();
        for (Node node : tree.nodes()) {
            for (ChunkRecord chunk : node.chunks()) {
                all.add(chunk);
            }
        }
        return all;
    }

    /**
     * Collects the chunks of an image that serves as a dictionary: those of v6's chunk table, or of all files where the reference looks
     * there. What {@code chunkdict generate} made has only one, which lists them.
     *
     * @param image     read now, and not needed afterwards
     * @param algorithm how the chunks to be looked up are digested; chunks of blobs with another algorithm are left out
     * @throws RafsFormatException if the image is broken
     */
    public static ImageChunks ofImage(Bootstrap image, DigestAlgorithm algorithm) throws RafsFormatException {
        if (readsTree(image) && !image.isChunkDictionary()) {
            return ofTree(TreeLoader.load(image, 0), image.blobs(), algorithm);
        }
        ImageChunks all = new ImageChunks(image.blobs(), algorithm);
        if (image.superblock().digestAlgorithm() == algorithm) {
            List<ChunkRecord> records = new ArrayList<>();
            image.forEachChunk(records::add);
            for (ChunkRecord record : records) {
                all.add(record);
            }
        }
        return all;
    }

    /** Tells whether all files are looked through, where several chunks of one digest may come in another order than in a chunk table. */
    public static boolean readsTree(Bootstrap image) {
        return image.superblock().version() == RafsVersion.V5
                || image.superblock().inlinedChunkDigest();
    }

    private void add(ChunkRecord chunk) throws RafsFormatException {
        int blob = chunk.blobIndex();
        if (blob < 0 || blob >= blobs.size()) {
            throw new RafsFormatException("chunk record", -1, "no blob " + Integer.toUnsignedString(blob));
        }
        // Chunks of external files have no digest.
        if (blobs.get(blob).digestAlgorithm() == algorithm && !chunk.digest().isZero()) {
            chunks.putIfAbsent(chunk.digest(), chunk);
        }
    }

    /** Returns the image's blobs, by blob index. */
    public List<BlobInfo> blobs() {
        return blobs;
    }

    /**
     * Looks up a chunk.
     *
     * @param digest digest of the plain bytes
     * @param length number of plain bytes
     * @return the record, naming its blob by the image's index; null if there is none of this length
     */
    public @Nullable ChunkRecord find(Digest digest, int length) {
        ChunkRecord chunk = chunks.get(digest);
        return chunk != null && chunk.uncompressedSize() == length ? chunk : null;
    }

    /**
     * Refuses chunks that a v5 image could not say how to decompress: it records one algorithm for all its blobs.
     *
     * @param found  what the chunks are compressed with
     * @param wanted what the image will record
     * @param chunks chunks that the image takes over
     * @param image  names the image they come from, for the error
     * @throws IOException if one of them is compressed otherwise
     */
    public static void checkCompression(
            Compression found, Compression wanted, Iterable<ChunkRecord> chunks, Object image) throws IOException {
        if (found == wanted) {
            return;
        }
        for (ChunkRecord chunk : chunks) {
            if (chunk.has(ChunkFlags.COMPRESSED)) {
                throw new IOException(
                        "%s: its chunks are compressed with %s, those of the image being made with %s; RAFS v5 records one algorithm"
                                .formatted(image, found.text(), wanted.text()));
            }
        }
    }

    /** Returns all records, in no particular order. */
    public Iterable<ChunkRecord> records() {
        return chunks.values();
    }
}
