package io.nydus4j.build;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.CipherAlgorithm;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.Digest;
import io.nydus4j.build.repack.RepackedBlob;
import io.nydus4j.build.write.BlobWriter;
import io.nydus4j.build.write.OutputFile;
import io.nydus4j.rafs.BootstrapOptions;
import io.nydus4j.rafs.RafsVersion;
import io.nydus4j.rafs.Superblock;
import io.nydus4j.rafs.load.Rafs;
import io.nydus4j.rafs.tree.ImageTree;
import io.nydus4j.rafs.tree.Node;
import io.nydus4j.rafs.tree.TreeLoader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** An image that is written anew with other blobs: its tree, and what its new bootstrap and blobs take over. */
final class RewrittenImage {
    private final Superblock superblock;
    private final List<BlobInfo> blobs;
    private final List<Long> prefetchTable;
    private final ImageTree tree;

    /**
     * Loads the tree of an image.
     *
     * @param image not needed afterwards
     */
    RewrittenImage(Rafs image) throws IOException {
        superblock = image.superblock();
        blobs = image.blobs().stream().map(RewrittenImage::apart).toList();
        prefetchTable = image.prefetchTable();
        tree = TreeLoader.load(image, 0);
        tree.number();
    }

    /** Returns a blob's entry for a bootstrap that is not inlined in the blob. */
    static BlobInfo apart(BlobInfo blob) {
        BlobFeatures features = blob.features();
        BlobInfo.Builder entry = blob.toBuilder().id(blob.effectiveId()).pathId(Optional.empty());
        if (features.has(BlobFeatures.INLINED_FS_META)) {
            entry.features(new BlobFeatures(features.bits() & ~BlobFeatures.INLINED_FS_META));
            if (features.has(BlobFeatures.SEPARATE)) {
                entry.metaDigest(Digest.parse(blob.metaId()));
            }
        }
        return entry.build();
    }

    Superblock superblock() {
        return superblock;
    }

    RafsVersion version() {
        return superblock.version();
    }

    /** Returns the blobs as a bootstrap apart from them lists them. */
    List<BlobInfo> blobs() {
        return blobs;
    }

    ImageTree tree() {
        return tree;
    }

    /**
     * Starts a blob of the image's kind.
     *
     * @param index    index in the new blob table
     * @param features features that v6 keeps, beside those that the image makes necessary
     * @param withHeaders whether tar headers follow its parts
     */
    RepackedBlob newBlob(int index, int features, boolean withHeaders, OutputFile file) {
        boolean v6 = version() == RafsVersion.V6;
        boolean encrypted = superblock.cipher() == CipherAlgorithm.AES_128_XTS;
        int bits = BlobFeatures.CAP_TAR_TOC;
        if (v6) {
            bits |= features | BlobFeatures.ALIGNED | (withHeaders ? BlobFeatures.HAS_TAR_HEADER : 0);
        }
        if (encrypted) {
            bits |= BlobFeatures.ENCRYPTED | BlobFeatures.CHUNK_INFO_V2;
        }
        // Nothing is packed with gzip, which only wraps what was packed elsewhere.
        Compression compression =
                superblock.compression() == Compression.GZIP && v6 ? Compression.ZSTD : superblock.compression();
        BlobInfo.Builder entry = BlobInfo.builder()
                .index(index)
                .chunkSize(superblock.chunkSize())
                .compression(compression)
                .digestAlgorithm(superblock.digestAlgorithm())
                .features(new BlobFeatures(bits));
        Optional<BlobKey> key = encrypted ? Optional.of(BlobKey.random()) : Optional.empty();
        if (key.isPresent()) {
            entry.cipher(CipherAlgorithm.AES_128_XTS)
                    .metaDigest(key.get().key())
                    .metaSize(key.get().firstIvHalf())
                    .cipherIv(key.get().secondIvHalf());
        }
        return new RepackedBlob(
                version(), entry.build(), key.map(BlobKey::cipher), withHeaders, new BlobWriter(Optional.of(file)));
    }

    /**
     * Returns the new bootstrap; the prefetch table lists the same files as before.
     *
     * @param newBlobs the blobs by index
     * @param arena    owns it
     */
    MemorySegment bootstrap(List<BlobInfo> newBlobs, Arena arena) throws IOException {
        BootstrapOptions options = new BootstrapOptions(
                superblock.chunkSize(),
                superblock.compression(),
                superblock.digestAlgorithm(),
                superblock.cipher(),
                superblock.explicitUidGid(),
                false,
                superblock.tarfs());
        return BootstrapWriters.write(arena, version(), tree, newBlobs, prefetchNodes(), options);
    }

    private List<Node> prefetchNodes() {
        Map<Long, Node> firsts = new HashMap<>();
        tree.nodes().forEach(node -> firsts.putIfAbsent(node.sourceId().inode(), node));
        return prefetchTable.stream().map(firsts::get).filter(Objects::nonNull).toList();
    }
}
