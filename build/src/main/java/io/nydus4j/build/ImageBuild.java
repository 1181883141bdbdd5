package io.nydus4j.build;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.chunk.ChunkInfoHeader;
import io.nydus4j.build.ProgressListener.Step;
import io.nydus4j.build.external.Attributes;
import io.nydus4j.build.external.ExternalTree;
import io.nydus4j.build.source.Source;
import io.nydus4j.build.source.TarSource;
import io.nydus4j.build.write.BlobTail;
import io.nydus4j.build.write.BlobWriter;
import io.nydus4j.build.write.ChunkPipeline;
import io.nydus4j.build.write.ChunkSettings;
import io.nydus4j.build.write.ChunkStream;
import io.nydus4j.build.write.OutputFile;
import io.nydus4j.build.write.StoredChunks;
import io.nydus4j.build.write.StoredToc;
import io.nydus4j.rafs.BootstrapOptions;
import io.nydus4j.rafs.PrefetchPolicy;
import io.nydus4j.rafs.RafsVersion;
import io.nydus4j.rafs.tree.ImageTree;
import io.nydus4j.rafs.tree.Node;
import io.nydus4j.rafs.tree.PrefetchPatterns;
import io.nydus4j.rafs.v5.V5Sizes;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * One build, from a source whose tree is read first and whose data is read then, or from an archive with both together: tree, blob, bootstrap.
 * Mirrors {@code DirectoryBuilder} and {@code TarballBuilder} of the reference. Not safe for use by several threads.
 */
final class ImageBuild {
    private static final String EXTERNAL = "external";

    private final CreateOptions options;
    private final ProgressListener listener;
    private final TraceRecorder trace;
    private final BuildOutputs outputs;
    private final Arena arena;

    private final BlobFormat format;
    private final BuildBase base;
    private Optional<BlobCacheFiles> cache = Optional.empty();
    private Optional<ChunkInfoHeader> chunkInfoHeader = Optional.empty();

    /** Prepares a build; {@code outputs} take its files, {@code arena} its bootstraps. */
    ImageBuild(
            CreateOptions options,
            BlobFormat format,
            BuildBase base,
            ProgressListener listener,
            TraceRecorder trace,
            BuildOutputs outputs,
            Arena arena) {
        this.options = options;
        this.listener = listener;
        this.trace = trace;
        this.outputs = outputs;
        this.arena = arena;
        this.format = format;
        this.base = base;
    }

    /** Builds an image and its external bootstrap, and gives its files their names. The trace of the result is empty. */
    BuildResult run(Source source, PrefetchPatterns patterns) throws IOException {
        checkExternalIds();
        Attributes attributes = options.attributes().isPresent()
                ? Attributes.read(options.attributes().get())
                : Attributes.NONE;
        ImageTree upper = trace.time(
                "build_tree",
                () -> trace.time(
                        "load_from_directory",
                        () -> source.readTree(options.threads(), names -> listener.progress(Step.SCAN, names, -1))));
        trace.number("load_from_directory", source.namesSeen());
        ExternalTree external = takeExternal(upper, attributes);
        ImageTree tree = base.overlay(upper);
        PrefetchPatterns.Selection selection = select(tree, patterns);
        Optional<OutputFile> blobFile = openBlob();
        BlobWriter blob = newBlob(blobFile);
        StoredChunks chunks = trace.time("dump_blob", () -> storeChunks(source, selection, blob));
        Built built = finish(blobFile, blob, chunks, tree, selection);
        List<String> externalBlobs =
                externalBlobs(external).stream().map(BlobInfo::id).toList();
        return result(built, writeExternal(tree, external, built.bootstrap), externalBlobs);
    }

    /** Builds an image from an archive, whose data is stored while its names are read. The trace of the result is empty. */
    BuildResult run(TarSource source, PrefetchPatterns patterns) throws IOException {
        Optional<OutputFile> blobFile = openBlob();
        BlobWriter blob = newBlob(blobFile);
        try (ChunkStream stream = new ChunkStream(
                format.chunkSettings(),
                options.threads(),
                blob,
                base.chunks(),
                base.table(),
                (done, total) -> listener.progress(Step.STORE, done, total))) {
            ImageTree upper = trace.time(
                    "build_tree",
                    () -> source.read(
                            (file, data) -> stream.add(file, target -> data.read(target.asByteBuffer())),
                            names -> listener.progress(Step.SCAN, names, -1)));
            StoredChunks chunks = trace.time("dump_blob", stream::finish);
            ImageTree tree = base.overlay(upper);
            PrefetchPatterns.Selection selection = select(tree, patterns);
            return result(finish(blobFile, blob, chunks, tree, selection), Optional.empty(), List.of());
        }
    }

    private PrefetchPatterns.Selection select(ImageTree tree, PrefetchPatterns patterns) throws IOException {
        return trace.time("build_bootstrap", () -> {
            tree.number();
            return patterns.select(tree);
        });
    }

    private ExternalTree takeExternal(ImageTree tree, Attributes attributes) throws IOException {
        ExternalTree external = ExternalTree.takeFrom(tree.root(), attributes, options.digestAlgorithm());
        if (options.version() == RafsVersion.V5 && attributes.hasExternal()) {
            V5Sizes.compute(tree);
        }
        return external;
    }

    private BlobWriter newBlob(Optional<OutputFile> blobFile) throws IOException {
        if (options.blobCacheDirectory().isEmpty()) {
            return new BlobWriter(blobFile);
        }
        BlobCacheFiles files = new BlobCacheFiles(options.blobCacheDirectory().get(), outputs);
        cache = Optional.of(files);
        return files.newBlob();
    }

    private Optional<OutputFile> openBlob() throws IOException {
        return options.blobOutput().isPresent()
                ? Optional.of(outputs.open(options.blobOutput().get()))
                : Optional.empty();
    }

    private Built finish(
            Optional<OutputFile> blobFile,
            BlobWriter blob,
            StoredChunks chunks,
            ImageTree tree,
            PrefetchPatterns.Selection selection)
            throws IOException {
        countChunks(chunks);
        List<Node> table = options.prefetchPolicy() == PrefetchPolicy.FS ? selection.tableNodes() : List.of();
        Built built = options.inlineMeta()
                ? finishInlined(blob, chunks, tree, table)
                : finishApart(blob, chunks, tree, table);
        blobFile.ifPresent(file -> built.blob.ifPresent(info -> outputs.setName(file, info.id())));
        if (cache.isPresent() && built.blob.isPresent()) {
            cache.get().finish(built.blob.get().id(), blob, chunks, chunkInfoHeader);
        }
        return built;
    }

    private BuildResult result(Built built, Optional<Path> external, List<String> externalBlobs) throws IOException {
        outputs.commit();
        trace.effectiveIds();
        return new BuildResult(
                built.bootstrap,
                built.all.stream().map(BlobInfo::id).toList(),
                built.all.isEmpty() ? 0 : built.all.getLast().compressedSize(),
                external,
                externalBlobs,
                options.version(),
                options.compression(),
                new BuildTrace(new TreeMap<>(), new TreeMap<>()));
    }

    /** The new blob, if there is one, all blobs, and the bootstrap, if it is a file of its own. */
    private record Built(Optional<BlobInfo> blob, List<BlobInfo> all, Optional<Path> bootstrap) {}

    private StoredChunks storeChunks(Source source, PrefetchPatterns.Selection selection, BlobWriter blob)
            throws IOException {
        ChunkPipeline pipeline = new ChunkPipeline(
                source,
                format.chunkSettings(),
                options.threads(),
                blob,
                base.chunks(),
                base.table(),
                (done, total) -> listener.progress(Step.STORE, done, total));
        return pipeline.run(selection.prefetch(), selection.others());
    }

    private void countChunks(StoredChunks chunks) {
        countChunks(trace, chunks);
    }

    /** Notes what became of the chunks. */
    static void countChunks(TraceRecorder trace, StoredChunks chunks) {
        trace.count("blob_uncompressed_size", chunks.plainBytes());
        trace.count("dedup_chunks", chunks.repeatedChunks());
        trace.count("dedup_uncompressed_size", chunks.repeatedBytes());
    }

    /** The bootstrap goes into the blob, so it cannot know the blob's final id and size. */
    private Built finishInlined(BlobWriter blob, StoredChunks chunks, ImageTree tree, List<Node> table)
            throws IOException {
        BlobTail tail = tail(blob);
        BlobInfo.Builder entry = endChunks(tail, chunks);
        entry.id(BlobInfo.PLACEHOLDER_ID).compressedSize(blob.position());
        Optional<BlobInfo> info = chunks.chunkCount() > 0 ? Optional.of(entry.build()) : Optional.empty();
        tail.appendBootstrap(writeBootstrap(tree, base.table().blobs(info), table));
        tail.appendToc();
        entry.id(blob.runningDigest().toString()).compressedSize(blob.position());
        BlobInfo written = entry.build();
        List<BlobInfo> all = new ArrayList<>(base.table().blobs(Optional.of(written)));
        if (info.isEmpty()) {
            all.add(written);
        }
        return new Built(Optional.of(written), all, Optional.empty());
    }

    /** The blob comes first, so that the bootstrap can tell all about it. */
    private Built finishApart(BlobWriter blob, StoredChunks chunks, ImageTree tree, List<Node> table)
            throws IOException {
        Optional<BlobInfo> info = Optional.empty();
        if (chunks.chunkCount() > 0) {
            BlobTail tail = tail(blob);
            BlobInfo.Builder entry = endChunks(tail, chunks);
            Optional<StoredToc> toc = tail.appendToc();
            toc.ifPresent(stored -> entry.tocSize(stored.size()).tocDigest(stored.digest()));
            entry.id(options.blobId().isEmpty() ? blob.runningDigest().toString() : options.blobId());
            entry.compressedSize(blob.position());
            info = Optional.of(entry.build());
            blob.flushSoon(); // while the bootstrap is laid out
        }
        OutputPlace place = options.bootstrapOutput().or(options::blobOutput).orElseThrow();
        List<BlobInfo> all = base.table().blobs(info);
        MemorySegment bootstrap = writeBootstrap(tree, all, table);
        return new Built(info, all, Optional.of(outputs.putBootstrap(bootstrap, place)));
    }

    private BlobTail tail(BlobWriter blob) {
        return new BlobTail(blob, format.hasHeaders(), options.blobToc());
    }

    private BlobInfo.Builder endChunks(BlobTail tail, StoredChunks chunks) throws IOException {
        BlobInfo.Builder entry = format.entry()
                .chunkCount(chunks.chunkCount())
                .uncompressedSize(chunks.uncompressedSize())
                .prefetchSize(options.prefetchPolicy() == PrefetchPolicy.BLOB ? chunks.prefetchSize() : 0);
        if (chunks.chunkCount() == 0) {
            return entry;
        }
        tail.endData(chunks, options.blobOffset());
        if (options.version() == RafsVersion.V6) {
            ChunkSettings settings = format.chunkSettings();
            ChunkInfoHeader header = tail.appendChunkInfo(chunks, settings);
            chunkInfoHeader = Optional.of(header);
            entry.chunkInfoCompression(header.compression())
                    .chunkInfoOffset(header.offset())
                    .chunkInfoCompressedSize(header.compressedSize())
                    .chunkInfoUncompressedSize(header.uncompressedSize());
        }
        return entry;
    }

    private MemorySegment writeBootstrap(ImageTree tree, List<BlobInfo> listed, List<Node> table) throws IOException {
        return trace.time("dump_bootstrap", () -> {
            MemorySegment bootstrap =
                    BootstrapWriters.write(arena, options.version(), tree, listed, table, bootstrapOptions(false));
            listener.progress(Step.BOOTSTRAP, bootstrap.byteSize(), bootstrap.byteSize());
            return bootstrap;
        });
    }

    private BootstrapOptions bootstrapOptions(boolean forceXattrFlag) {
        return bootstrapOptions(options, forceXattrFlag);
    }

    /** Returns what {@code options} mean for a bootstrap. */
    static BootstrapOptions bootstrapOptions(CreateOptions options, boolean forceXattrFlag) {
        return new BootstrapOptions(
                options.chunkSize(),
                options.compression(),
                options.digestAlgorithm(),
                options.cipher(),
                options.explicitUidGid(),
                forceXattrFlag,
                options.type() == ConversionType.TAR_TARFS);
    }

    /** Writes the bootstrap of the files that lie in external storage: of the root alone if there are none, as the reference does; over the parent. */
    private Optional<Path> writeExternal(ImageTree main, ExternalTree external, Optional<Path> mainPath)
            throws IOException {
        if (mainPath.isEmpty() && options.externalBlobOutput().isEmpty()) {
            return Optional.empty();
        }
        ImageTree tree = new ImageTree(external.root());
        if (options.version() == RafsVersion.V5) {
            V5Sizes.compute(tree);
        }
        tree = base.overlay(tree);
        tree.number();
        // The reference's v6 keeps the flag from one bootstrap to the next.
        boolean xattrFlag = options.version() == RafsVersion.V6
                && main.nodes().stream().anyMatch(node -> !node.xattrs().isEmpty());
        MemorySegment bootstrap = BootstrapWriters.write(
                arena,
                options.version(),
                tree,
                externalBlobs(external),
                List.of(),
                bootstrapOptions(xattrFlag).withChunkSize(external.chunkSize().orElse(options.chunkSize())));
        if (mainPath.isPresent()) {
            Path path = BuildOutputs.withExtension(mainPath.get(), EXTERNAL);
            outputs.open(new OutputPlace.OutputFile(path)).write(bootstrap);
            return Optional.of(path);
        }
        OutputPlace place =
                new OutputPlace.OutputFile(options.externalBlobOutput().orElseThrow());
        tail(new BlobWriter(Optional.of(outputs.open(place)))).appendBootstrap(bootstrap);
        return Optional.empty();
    }

    /** Returns the blobs that the external bootstrap lists. */
    private List<BlobInfo> externalBlobs(ExternalTree external) throws IOException {
        if (external.blobs().isEmpty()) {
            return base.parentBlobs();
        }
        if (!base.parentBlobs().isEmpty()) {
            throw new IOException("external files of an image on a parent are not supported");
        }
        return external.blobs();
    }

    /** Refuses what the reference refuses: it lists the parent's blobs in the external bootstrap, by ids of one length alone. */
    private void checkExternalIds() throws IOException {
        for (BlobInfo blob : base.parentBlobs()) {
            if (blob.id().length() != 2 * Digest.SIZE) {
                throw new IOException("invalid blob id:%s, length:%d, index:%d"
                        .formatted(blob.id(), blob.id().length(), blob.index()));
            }
        }
    }
}
