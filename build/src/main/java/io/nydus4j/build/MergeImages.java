package io.nydus4j.build;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.CipherAlgorithm;
import io.nydus4j.blob.Compression;
import io.nydus4j.build.ProgressListener.Step;
import io.nydus4j.build.layer.ImageChunks;
import io.nydus4j.build.layer.Overlay;
import io.nydus4j.build.layer.WhiteoutSpec;
import io.nydus4j.rafs.BootstrapOptions;
import io.nydus4j.rafs.InconsistentImageException;
import io.nydus4j.rafs.PrefetchPolicy;
import io.nydus4j.rafs.RafsConfiguration;
import io.nydus4j.rafs.RafsVersion;
import io.nydus4j.rafs.Superblock;
import io.nydus4j.rafs.load.Rafs;
import io.nydus4j.rafs.tree.ImageTree;
import io.nydus4j.rafs.tree.Node;
import io.nydus4j.rafs.tree.PrefetchPatterns;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Lays the bootstraps of layers over each other and writes one bootstrap for all: {@code nydus-image merge}. Data blobs stay as they
 * are; those that no file needs any more are left out of the result. Mirrors {@code Merger::merge} of the reference.
 */
public final class MergeImages {
    private final MergeOptions options;
    private final ProgressListener listener;
    private final MergedBlobs blobs;
    private final TraceRecorder trace = new TraceRecorder();

    /** What the sources agree in, and what the last one of them decides. */
    private Optional<RafsConfiguration> agreed = Optional.empty();

    private CipherAlgorithm cipher = CipherAlgorithm.NONE;

    /**
     * Prepares a merge; nothing is read yet.
     *
     * @param options  what to merge
     * @param listener hears how far the merge is
     */
    public MergeImages(MergeOptions options, ProgressListener listener) {
        this.options = options;
        this.listener = listener;
        this.blobs = new MergedBlobs(options);
    }

    /**
     * Merges the images. May be called once; may block on the network. Nothing half-written stays behind.
     *
     * @return the result, whose version and compression are the first source's
     * @throws InconsistentImageException if the sources and the dictionary do not go together
     * @throws IllegalArgumentException if the options are wrong, see {@link MergeOptions#validate()}
     * @throws IOException              if an image is broken or cannot be read, the parent does not go with the sources, or the result
     *                                  cannot be written
     */
    public BuildResult run() throws IOException {
        if (options.output() instanceof OutputPlace.OutputDirectory directory && !Files.exists(directory.path())) {
            throw new IOException("Directory to store blobs does not exist: " + directory.path());
        }
        options.validate();
        PrefetchPatterns patterns = PrefetchHints.patterns(options.prefetchPolicy(), options.prefetchHints());
        List<Rafs> images = new ArrayList<>();
        try {
            openAll(images);
            return merge(images, patterns);
        } finally {
            images.forEach(Rafs::close);
        }
    }

    /** Opens the images that are layers, the lowest first, and learns their blobs. */
    private void openAll(List<Rafs> images) throws IOException {
        Optional<Rafs> parent = Optional.empty();
        if (options.parent().isPresent()) {
            parent = Optional.of(open(options.parent().get(), "load parent bootstrap"));
            images.add(parent.get());
            blobs.addParent(parent.get());
        }
        if (options.chunkDictionary().isPresent()) {
            try (Rafs dictionary = open(options.chunkDictionary().get(), "load chunk dict bootstrap")) {
                agreed = Optional.of(RafsConfiguration.of(dictionary.superblock()));
                blobs.addDictionary(dictionary);
            }
        }
        for (int i = 0; i < options.sources().size(); i++) {
            Rafs source = open(options.sources().get(i), "load bootstrap");
            images.add(source);
            Superblock superblock = source.superblock();
            if (agreed.isEmpty()) {
                agreed = Optional.of(RafsConfiguration.of(superblock));
            }
            agreed.get().check(superblock);
            if (superblock.cipher() != CipherAlgorithm.NONE) {
                cipher = superblock.cipher();
            }
            blobs.addSource(i, source);
        }
        checkTarfs();
        if (parent.isPresent()) {
            checkParent(parent.get());
        }
    }

    private Rafs open(Path path, String purpose) throws IOException {
        try {
            return ImageLoading.loadSource(path, options.blobs());
        } catch (IOException e) {
            throw new IOException(purpose + " \"" + path + "\"", e);
        }
    }

    private void checkTarfs() throws IOException {
        if (!agreed.orElseThrow().tarfs()) {
            return;
        }
        if (options.parent().isPresent()) {
            throw new IOException("merging RAFS in TARFS mode conflicts with `--parent-bootstrap`");
        }
        if (options.chunkDictionary().isPresent()) {
            throw new IOException("merging RAFS in TARFS mode conflicts with `--chunk-dict`");
        }
    }

    /** A parent must agree with the sources too, but for the chunk size of what has no chunks. */
    private void checkParent(Rafs parent) throws IOException {
        RafsConfiguration configuration = agreed.orElseThrow();
        if (parent.blobs().isEmpty() || !blobs.sourcesHaveBlobs()) {
            configuration = configuration.withChunkSize(parent.superblock().chunkSize());
        }
        try {
            configuration.check(parent.superblock());
        } catch (InconsistentImageException e) {
            // What is wrong is the option, and the command tells that from sources that are not alike.
            throw new IOException(
                    "parent bootstrap \"" + options.parent().orElseThrow() + "\" does not go with the sources", e);
        }
        if (parent.superblock().cipher() != CipherAlgorithm.NONE) {
            cipher = parent.superblock().cipher();
        }
    }

    private BuildResult merge(List<Rafs> images, PrefetchPatterns patterns) throws IOException {
        ImageTree tree = trace.time(
                "load_tree_from_bootstrap",
                () -> new LayerTrees(images, options.threads())
                        .merge((lower, upper) -> Overlay.apply(lower, upper, WhiteoutSpec.OCI)));
        tree.number();
        List<BlobInfo> used = blobs.use(tree);
        if (images.getLast().superblock().version() == RafsVersion.V5) {
            checkCompression(images, tree);
        }
        List<Node> table = options.prefetchPolicy() == PrefetchPolicy.FS
                ? patterns.select(tree).tableNodes()
                : List.of();
        Superblock last = images.getLast().superblock();
        try (Arena arena = Arena.ofShared();
                BuildOutputs outputs = new BuildOutputs()) {
            Path path = trace.time("dump_bootstrap", () -> {
                MemorySegment bootstrap = write(arena, last, tree, used, table);
                return outputs.putBootstrap(bootstrap, options.output());
            });
            outputs.commit();
            Superblock first = images.get(options.parent().isPresent() ? 1 : 0).superblock();
            return new BuildResult(
                    Optional.of(path),
                    used.stream().map(BlobInfo::id).toList(),
                    used.isEmpty() ? 0 : used.getLast().compressedSize(),
                    Optional.empty(),
                    List.of(),
                    first.version(),
                    first.compression(),
                    trace.trace());
        }
    }

    /** The result records what the last source's chunks are compressed with. */
    private static void checkCompression(List<Rafs> images, ImageTree tree) throws IOException {
        Compression wanted = images.getLast().superblock().compression();
        if (images.stream().allMatch(image -> image.superblock().compression() == wanted)) {
            return;
        }
        for (Node node : tree.nodes()) {
            Superblock layer = images.get(node.sourceId().layer()).superblock();
            ImageChunks.checkCompression(layer.compression(), wanted, Arrays.asList(node.chunks()), node);
        }
    }

    private MemorySegment write(Arena arena, Superblock last, ImageTree tree, List<BlobInfo> used, List<Node> table)
            throws IOException {
        BootstrapOptions format = new BootstrapOptions(
                blobs.chunkSize().orElse(last.chunkSize()),
                last.compression(),
                last.digestAlgorithm(),
                cipher,
                last.explicitUidGid(),
                last.version() == RafsVersion.V6,
                last.tarfs());
        try {
            MemorySegment bootstrap = BootstrapWriters.write(arena, last.version(), tree, used, table, format);
            listener.progress(Step.BOOTSTRAP, bootstrap.byteSize(), bootstrap.byteSize());
            return bootstrap;
        } catch (IOException e) {
            throw new IOException("dump bootstrap to \"" + options.output().path() + "\"", e);
        }
    }
}
