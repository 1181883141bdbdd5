package io.nydus4j.build;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.Digest;
import io.nydus4j.build.layer.BlobImport;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.load.Rafs;
import io.nydus4j.rafs.tree.ImageTree;
import io.nydus4j.rafs.tree.Node;
import io.nydus4j.rafs.tree.TwoAtATime;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The blobs of the images that are merged: what they are called, and where each image's blobs are among those of the result. Mirrors
 * {@code Merger::merge} of the reference. Not safe for use by several threads.
 */
final class MergedBlobs {
    private final MergeOptions options;
    private final BlobImport blobImport;
    private final Set<String> dictionaryIds = new HashSet<>();

    /** All blobs, by the indexes used here. */
    private final List<BlobInfo> all = new ArrayList<>();
    /** Indexes into {@link #all} by the ids that images know the blobs by. */
    private final Map<String, Integer> byId = new HashMap<>();
    /** For each layer, indexes into {@link #all} by the layer's own blob indexes. */
    private final List<int[]> layers = new ArrayList<>();

    private OptionalInt chunkSize = OptionalInt.empty();

    MergedBlobs(MergeOptions options) {
        this.options = options;
        this.blobImport = new BlobImport(options.blobs());
    }

    /** Takes note of the dictionary's blobs, which any number of sources may share. */
    void addDictionary(Bootstrap dictionary) {
        dictionary.blobs().forEach(blob -> dictionaryIds.add(blob.effectiveId()));
    }

    /** Adds the blobs of the image below all sources, as the next layer. */
    void addParent(Bootstrap parent) throws IOException {
        int[] indexes = new int[parent.blobs().size()];
        for (int i = 0; i < indexes.length; i++) {
            BlobInfo blob = blobImport.take(parent.blobs().get(i));
            indexes[i] = all.size();
            byId.put(blob.id(), indexes[i]);
            all.add(blob);
        }
        layers.add(indexes);
    }

    /**
     * Adds the blobs of a source, as the next layer.
     *
     * @param position of the source among the sources
     * @throws IOException if it has more than one blob that is not the dictionary's, its chunks have another size than those of other
     *                     sources, or the options have no digest where one should be
     */
    void addSource(int position, Bootstrap source) throws IOException {
        Path path = options.sources().get(position);
        boolean own = false;
        int[] indexes = new int[source.blobs().size()];
        for (int i = 0; i < indexes.length; i++) {
            BlobInfo blob = source.blobs().get(i);
            BlobInfo entry = blobImport.take(blob);
            checkChunkSize(path, blob.chunkSize());
            if (!dictionaryIds.contains(blob.effectiveId())) {
                if (own) {
                    throw new IOException(
                            "invalid per layer bootstrap, having multiple associated data blobs: " + path);
                }
                own = true;
                entry = described(position, source, blob, entry);
            }
            Integer known = byId.putIfAbsent(blob.effectiveId(), all.size());
            indexes[i] = known == null ? all.size() : known;
            if (known == null) {
                all.add(entry);
            }
        }
        layers.add(indexes);
    }

    private void checkChunkSize(Path path, int size) throws IOException {
        if (chunkSize.isEmpty()) {
            chunkSize = OptionalInt.of(size);
        } else if (chunkSize.getAsInt() != size) {
            throw new IOException(
                    "can not merge bootstraps with inconsistent chunk size, current bootstrap \"%s\" with chunk size %x, expected %x"
                            .formatted(path, size, chunkSize.getAsInt()));
        }
    }

    /** Returns the entry of a source's own blob as the options describe it. */
    private BlobInfo described(int position, Bootstrap source, BlobInfo blob, BlobInfo entry) throws IOException {
        BlobInfo.Builder described = entry.toBuilder();
        boolean separate = blob.features().has(BlobFeatures.SEPARATE);
        if (options.blobs().isPresent() || source.superblock().tarfs()) {
            described.id(blob.effectiveId());
        } else if (!options.originalBlobIds().isEmpty()) {
            described.id(options.originalBlobIds().get(position));
        } else {
            described.id(Rafs.blobId(options.sources().get(position)));
        }
        if (!options.blobDigests().isEmpty()) {
            Digest digest = digest("blob digest", options.blobDigests().get(position));
            if (separate) {
                described.metaDigest(digest);
            } else {
                described.id(digest.toString());
            }
        }
        if (!options.blobSizes().isEmpty()) {
            long size = options.blobSizes().get(position);
            if (separate) {
                described.metaSize(size);
            } else {
                described.compressedSize(size);
            }
        }
        if (!options.blobTocDigests().isEmpty()) {
            described.tocDigest(digest("toc digest", options.blobTocDigests().get(position)));
        }
        if (!options.blobTocSizes().isEmpty()) {
            described.tocSize(options.blobTocSizes().get(position).intValue());
        }
        return described.build();
    }

    private static Digest digest(String what, String hex) throws IOException {
        try {
            return Digest.of(HexFormat.of().parseHex(hex));
        } catch (IllegalArgumentException e) {
            throw new IOException(
                    "invalid %s \"%s\": expected %d hexadecimal digits".formatted(what, hex, 2 * Digest.SIZE), e);
        }
    }

    /** Tells whether a source has a blob. */
    boolean sourcesHaveBlobs() {
        return chunkSize.isPresent();
    }

    /** Returns the size of the chunks of the sources' blobs; of the parent's if those have none; empty if nothing has blobs. */
    OptionalInt chunkSize() {
        return chunkSize.isPresent() || all.isEmpty()
                ? chunkSize
                : OptionalInt.of(all.getFirst().chunkSize());
    }

    /**
     * Makes the chunks of a tree name the blobs of the result, which are those that it uses, in the order of their first use.
     *
     * @param tree numbered; the layer of a node's source id is the position of its image among those added
     * @return the blobs of the result
     */
    List<BlobInfo> use(ImageTree tree) {
        List<Node> nodes = tree.nodes();
        int half = nodes.size() / 2;
        List<Integer> first = new ArrayList<>();
        List<Integer> second = new ArrayList<>();
        TwoAtATime.run(() -> addUsed(nodes, 0, half, first), () -> addUsed(nodes, half, nodes.size(), second));
        first.addAll(second);
        List<BlobInfo> used = new ArrayList<>();
        Map<String, Integer> usedIds = new HashMap<>();
        int[] newIndexes = new int[all.size()];
        for (int index : first) {
            newIndexes[index] = use(all.get(index), used, usedIds);
        }
        TwoAtATime.run(() -> rename(nodes, 0, half, newIndexes), () -> rename(nodes, half, nodes.size(), newIndexes));
        return used;
    }

    /** Adds indexes into {@link #all} of the blobs that the chunks of some nodes name, in the order of their first use. */
    private void addUsed(List<Node> nodes, int from, int to, List<Integer> used) {
        boolean[] known = new boolean[all.size()];
        for (int i = from; i < to; i++) {
            Node node = nodes.get(i);
            for (ChunkRecord chunk : node.chunks()) {
                int index = layers.get(node.sourceId().layer())[chunk.blobIndex()];
                if (!known[index]) {
                    known[index] = true;
                    used.add(index);
                }
            }
        }
    }

    /** Makes the chunks of some nodes name blobs by {@code newIndexes}, which go by the indexes into {@link #all}. */
    private void rename(List<Node> nodes, int from, int to, int[] newIndexes) {
        // Names of one file share their chunks.
        IdentityHashMap<ChunkRecord[], ChunkRecord[]> shared = new IdentityHashMap<>();
        for (int i = from; i < to; i++) {
            Node node = nodes.get(i);
            ChunkRecord[] chunks = node.chunks();
            if (chunks.length == 0) {
                continue;
            }
            ChunkRecord[] renamed = node.linkCount() > 1 ? shared.get(chunks) : null;
            if (renamed == null) {
                int[] indexes = layers.get(node.sourceId().layer());
                renamed = new ChunkRecord[chunks.length];
                for (int j = 0; j < chunks.length; j++) {
                    renamed[j] = chunks[j].inBlob(newIndexes[indexes[chunks[j].blobIndex()]]);
                }
                if (node.linkCount() > 1) {
                    shared.put(chunks, renamed);
                }
            }
            node.setChunks(renamed);
        }
    }

    private static int use(BlobInfo blob, List<BlobInfo> used, Map<String, Integer> usedIds) {
        return usedIds.computeIfAbsent(blob.id(), id -> {
            used.add(blob.toBuilder().index(used.size()).build());
            return used.size() - 1;
        });
    }
}
