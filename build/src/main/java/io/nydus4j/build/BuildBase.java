package io.nydus4j.build;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.Digest;
import io.nydus4j.build.layer.BlobImport;
import io.nydus4j.build.layer.ImageChunks;
import io.nydus4j.build.layer.Overlay;
import io.nydus4j.build.write.BlobTable;
import io.nydus4j.build.write.ChunkDictionary;
import io.nydus4j.rafs.InconsistentImageException;
import io.nydus4j.rafs.RafsConfiguration;
import io.nydus4j.rafs.RafsVersion;
import io.nydus4j.rafs.load.Rafs;
import io.nydus4j.rafs.tree.ImageTree;
import io.nydus4j.rafs.tree.TreeLoader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What an image is built on: the tree and the blobs of its parent, and the chunks of the parent and of a chunk dictionary, which are not
 * stored again. Without either it is empty. Loaded before the first chunk is stored, whatever the source. Used by one build, and its
 * dictionary by one thread at a time.
 */
final class BuildBase {
    /** Layer of what is built on a parent, whose own layer is 0. */
    private static final int UPPER_LAYER = 1;

    private static final int UNKNOWN = -1;

    private final CreateOptions options;
    private final TraceRecorder trace;
    private final Optional<ImageChunks> dictionary;
    private final Optional<ImageChunks> parentChunks;
    private final List<BlobInfo> parentBlobs;
    private final BlobTable table;
    /** Blob indexes in the image by those in the dictionary, as far as known. */
    private final Map<Integer, Integer> dictionaryIndexes = new HashMap<>();

    /** Taken by the first overlay. */
    private @Nullable ImageTree parentTree;

    private BuildBase(
            CreateOptions options,
            TraceRecorder trace,
            Optional<ImageChunks> dictionary,
            @Nullable ImageTree parentTree,
            List<BlobInfo> parentBlobs)
            throws IOException {
        this.options = options;
        this.trace = trace;
        this.dictionary = dictionary;
        this.parentTree = parentTree;
        this.parentBlobs = parentBlobs;
        this.parentChunks = parentTree == null
                ? Optional.empty()
                : Optional.of(ImageChunks.ofTree(parentTree, parentBlobs, options.digestAlgorithm()));
        this.table = new BlobTable(parentBlobs);
    }

    /**
     * Loads what the options name. May block on the network.
     *
     * @throws io.nydus4j.rafs.InconsistentImageException if it does not go with the options
     * @throws IOException if it is broken or cannot be read
     */
    static BuildBase load(CreateOptions options, TraceRecorder trace) throws IOException {
        Optional<ImageChunks> dictionary = options.chunkDictionary().isPresent()
                ? Optional.of(trace.time(
                        "import_chunk_dict",
                        () -> loadDictionary(
                                options, trace, options.chunkDictionary().get())))
                : Optional.empty();
        if (options.parentBootstrap().isEmpty()) {
            return new BuildBase(options, trace, dictionary, null, List.of());
        }
        try (Rafs parent = openParent(options)) {
            BuildBase base =
                    new BuildBase(options, trace, dictionary, loadTree(parent, trace), importBlobs(options, parent));
            if (options.version() == RafsVersion.V5) {
                ImageChunks.checkCompression(
                        parent.superblock().compression(),
                        options.compression(),
                        base.parentChunks.orElseThrow().records(),
                        options.parentBootstrap().get());
            }
            return base;
        }
    }

    private static ImageChunks loadDictionary(CreateOptions options, TraceRecorder trace, Path path)
            throws IOException {
        try (Rafs image = ImageLoading.loadSource(path, options.blobs())) {
            configuration(options, false).check(image.superblock());
            ImageChunks chunks = ImageChunks.readsTree(image)
                    ? trace.time(
                            "load_tree_from_bootstrap", () -> ImageChunks.ofImage(image, options.digestAlgorithm()))
                    : ImageChunks.ofImage(image, options.digestAlgorithm());
            if (options.version() == RafsVersion.V5) {
                ImageChunks.checkCompression(
                        image.superblock().compression(), options.compression(), chunks.records(), path);
            }
            return chunks;
        } catch (InconsistentImageException e) {
            throw e;
        } catch (IOException e) {
            throw new IOException("failed to open bootstrap file \"" + path + "\"", e);
        }
    }

    private static RafsConfiguration configuration(CreateOptions options, boolean tarfs) {
        return new RafsConfiguration(
                options.version(),
                options.compression(),
                options.digestAlgorithm(),
                options.chunkSize(),
                options.batchSize(),
                options.explicitUidGid(),
                tarfs);
    }

    private static Rafs openParent(CreateOptions options) throws IOException {
        Path path = options.parentBootstrap().orElseThrow();
        Rafs parent;
        try {
            parent = ImageLoading.loadSource(path, options.blobs());
        } catch (IOException e) {
            throw new IOException("load parent bootstrap \"" + path + "\"", e);
        }
        try {
            configuration(options, parent.superblock().tarfs()).check(parent.superblock());
            return parent;
        } catch (IOException e) {
            parent.close();
            throw e;
        }
    }

    private static ImageTree loadTree(Rafs parent, TraceRecorder trace) throws IOException {
        ImageTree tree = trace.time("load_tree_from_bootstrap", () -> TreeLoader.load(parent, 0));
        tree.preOrder(node -> node.setLower(true));
        return tree;
    }

    private static List<BlobInfo> importBlobs(CreateOptions options, Rafs parent) throws IOException {
        BlobImport blobImport = new BlobImport(options.blobs());
        List<BlobInfo> blobs = new ArrayList<>();
        for (BlobInfo blob : parent.blobs()) {
            if (options.blobs().isEmpty() && blob.features().has(BlobFeatures.INLINED_FS_META)) {
                throw new IOException("the parent's metadata is inlined in its blob " + blob.effectiveId()
                        + ", which must be readable: give --blob-dir or --config");
            }
            blobs.add(blobImport.take(blob).toBuilder().index(blobs.size()).build());
        }
        return blobs;
    }

    /** Returns the layer of the source's nodes: 0 if there is nothing below them. */
    int layer() {
        return options.parentBootstrap().isPresent() ? UPPER_LAYER : 0;
    }

    /** Returns the table that gives the blobs of the image their indexes: the parent's come first. */
    BlobTable table() {
        return table;
    }

    /** Returns the blobs of the parent as the image lists them. */
    List<BlobInfo> parentBlobs() {
        return parentBlobs;
    }

    /** Returns the chunks that need not be stored: those of the dictionary, then those of the parent. */
    ChunkDictionary chunks() {
        if (dictionary.isEmpty() && parentChunks.isEmpty()) {
            return ChunkDictionary.NONE;
        }
        return this::find;
    }

    private @Nullable ChunkRecord find(Digest digest, int length) throws IOException {
        if (dictionary.isPresent()) {
            ChunkRecord chunk = dictionary.get().find(digest, length);
            if (chunk != null) {
                return chunk.inBlob(indexOf(dictionary.get().blobs().get(chunk.blobIndex()), chunk.blobIndex()));
            }
        }
        return parentChunks.isPresent() ? parentChunks.get().find(digest, length) : null;
    }

    /** Returns the index of a blob of the dictionary, which may be one of the parent's too. */
    private int indexOf(BlobInfo blob, int dictionaryIndex) throws IOException {
        Integer known = dictionaryIndexes.get(dictionaryIndex);
        if (known != null) {
            return known;
        }
        BlobInfo entry = new BlobImport(Optional.empty()).take(blob);
        int index = parentBlobs.stream()
                .filter(parent -> parent.id().equals(entry.id()))
                .mapToInt(BlobInfo::index)
                .findFirst()
                .orElse(UNKNOWN);
        if (index == UNKNOWN) {
            index = table.indexOf(dictionaryIndex, entry);
        }
        dictionaryIndexes.put(dictionaryIndex, index);
        return index;
    }

    /**
     * Returns the tree of the whole image. May be called again with another source's tree.
     *
     * @param upper the source's tree; without a parent it is the image's
     */
    ImageTree overlay(ImageTree upper) throws IOException {
        if (options.parentBootstrap().isEmpty()) {
            return upper;
        }
        ImageTree lower = parentTree == null ? reloadParent() : parentTree;
        parentTree = null;
        return trace.time("merge_bootstrap", () -> Overlay.apply(lower, upper, options.whiteoutSpec()));
    }

    private ImageTree reloadParent() throws IOException {
        try (Rafs parent = openParent(options)) {
            return loadTree(parent, trace);
        }
    }
}
