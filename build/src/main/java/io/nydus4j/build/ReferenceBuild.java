package io.nydus4j.build;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.chunk.ChunkInfoHeader;
import io.nydus4j.build.ProgressListener.Step;
import io.nydus4j.build.refer.ReferredArchive;
import io.nydus4j.build.source.SourceRules;
import io.nydus4j.build.source.TarSource;
import io.nydus4j.build.tar.TarMember;
import io.nydus4j.build.tar.TarReader;
import io.nydus4j.build.write.BlobTail;
import io.nydus4j.build.write.BlobWriter;
import io.nydus4j.build.write.ChunkStream;
import io.nydus4j.build.write.OutputFile;
import io.nydus4j.build.write.StoredChunks;
import io.nydus4j.build.write.StoredToc;
import io.nydus4j.linux.RawBytes;
import io.nydus4j.rafs.PrefetchPolicy;
import io.nydus4j.rafs.tree.ImageTree;
import io.nydus4j.rafs.tree.Node;
import io.nydus4j.rafs.tree.PrefetchPatterns;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/**
 * One build of an image whose data stays in the archive that it came from: as it is ({@code tar-tarfs}), or described by a blob of chunk
 * information, which for gzip says where decompression can start ({@code targz-ref}). Mirrors the parts of {@code TarballBuilder} of the
 * reference for these types. Not safe for use by several threads.
 */
final class ReferenceBuild {
    private final CreateOptions options;
    private final SourceRules rules;
    private final BuildBase base;
    private final ProgressListener listener;
    private final TraceRecorder trace;
    private final BuildOutputs outputs;
    private final Arena arena;

    /** Prepares a build; {@code rules} say how the archive becomes a tree, {@code outputs} take its files, {@code arena} its bootstrap. */
    ReferenceBuild(
            CreateOptions options,
            SourceRules rules,
            BuildBase base,
            ProgressListener listener,
            TraceRecorder trace,
            BuildOutputs outputs,
            Arena arena) {
        this.options = options;
        this.rules = rules;
        this.base = base;
        this.listener = listener;
        this.trace = trace;
        this.outputs = outputs;
        this.arena = arena;
    }

    /** Takes the data of a regular file that is not empty. */
    @FunctionalInterface
    private interface FileStore {
        void add(Node file, TarMember member, TarReader reader) throws IOException;
    }

    /** All blobs, and the bootstrap, if it is a file of its own. */
    private record Built(List<BlobInfo> blobs, Optional<Path> bootstrap) {}

    /** Builds the image and gives its files their names. The trace of the result is empty. */
    BuildResult run(PrefetchPatterns patterns) throws IOException {
        Built built = options.type() == ConversionType.TAR_TARFS ? runPlain(patterns) : runDescribed(patterns);
        outputs.commit();
        trace.effectiveIds();
        return new BuildResult(
                built.bootstrap,
                built.blobs.stream().map(BlobInfo::id).toList(),
                built.blobs.isEmpty() ? 0 : built.blobs.getLast().compressedSize(),
                Optional.empty(),
                List.of(),
                options.version(),
                options.compression(),
                new BuildTrace(new TreeMap<>(), new TreeMap<>()));
    }

    private ImageTree readTree(ReferredArchive archive, FileStore store) throws IOException {
        TarSource source = new TarSource(new TarReader(archive.input(), options.archiveLimits()), rules);
        return trace.time(
                "build_tree",
                () -> source.read(
                        (file, data) -> {
                            TarMember member = Objects.requireNonNull(data.member(), "a file's data without a member");
                            if (member.sparse().isPresent()) {
                                throw new IOException("tar entry "
                                        + RawBytes.printable(member.entry().name())
                                        + ": a sparse file is not in the archive as it is, so an image cannot"
                                        + " refer to it");
                            }
                            store.add(file, member, data);
                        },
                        names -> listener.progress(Step.SCAN, names, -1)));
    }

    private List<Node> number(ImageTree tree, PrefetchPatterns patterns) throws IOException {
        return trace.time("build_bootstrap", () -> {
            tree.number();
            PrefetchPatterns.Selection selection = patterns.select(tree);
            return options.prefetchPolicy() == PrefetchPolicy.FS ? selection.tableNodes() : List.of();
        });
    }

    // --- tarfs

    /** The chunks of a tar file in blocks of 512 bytes, which nothing but the bootstrap describes. */
    private final class TarChunks implements FileStore {
        private int count;

        @Override
        public void add(Node file, TarMember member, TarReader reader) throws IOException {
            reader.skipRest(); // a size that lies takes no memory
            ChunkRecord[] chunks = new ChunkRecord[rules.chunkCount(file.size())];
            file.setChunks(chunks);
            for (int i = 0; i < chunks.length; i++) {
                long start = (long) i * options.chunkSize();
                int size = (int) Math.min(options.chunkSize(), file.size() - start);
                long offset = member.dataPosition() + start;
                chunks[i] = new ChunkRecord(Digest.ZERO, 0, 0, size, size, offset, offset, start, count++, 0);
            }
        }
    }

    private Built runPlain(PrefetchPatterns patterns) throws IOException {
        try (FileChannel channel = TarSource.openChannel(options.source())) {
            ReferredArchive archive = ReferredArchive.openPlain(channel);
            TarChunks chunks = new TarChunks();
            ImageTree tree = readTree(archive, chunks);
            List<Node> table = number(tree, patterns);
            Optional<BlobInfo> blob = trace.time("dump_blob", () -> describePlain(archive, chunks.count));
            OutputPlace place =
                    options.bootstrapOutput().or(options::blobOutput).orElseThrow();
            List<BlobInfo> blobs = blob.stream().toList();
            return new Built(blobs, Optional.of(put(writeBootstrap(tree, blobs, table), place)));
        }
    }

    private Optional<BlobInfo> describePlain(ReferredArchive archive, int chunkCount) {
        if (chunkCount == 0) {
            return Optional.empty();
        }
        return Optional.of(new BlobFormat(options, Optional.empty())
                .entry()
                .id(options.blobId().isEmpty() ? archive.digest().toString() : options.blobId())
                .chunkCount(chunkCount)
                .chunkInfoCompression(Compression.LZ4_BLOCK)
                .compressedSize(archive.size())
                .uncompressedSize(archive.size())
                .build());
    }

    // --- archives that a blob describes

    private Built runDescribed(PrefetchPatterns patterns) throws IOException {
        try (FileChannel channel = TarSource.openChannel(options.source())) {
            ReferredArchive archive = ReferredArchive.open(channel, options.archiveLimits());
            BlobFormat format = BlobFormat.ofArchive(options, archive.isGzip());
            Optional<OutputFile> file = options.blobOutput().isPresent()
                    ? Optional.of(outputs.open(options.blobOutput().get()))
                    : Optional.empty();
            Optional<BlobCacheFiles> cache = options.blobCacheDirectory().isPresent()
                    ? Optional.of(
                            new BlobCacheFiles(options.blobCacheDirectory().get(), outputs))
                    : Optional.empty();
            BlobWriter writer = cache.isPresent() ? cache.get().newBlob() : new BlobWriter(file);
            ImageTree tree;
            StoredChunks chunks;
            try (ChunkStream stream = new ChunkStream(
                    format.chunkSettings(),
                    options.threads(),
                    writer,
                    base.chunks(),
                    base.table(),
                    Optional.of(archive.places()),
                    (done, total) -> listener.progress(Step.STORE, done, total))) {
                tree = readTree(
                        archive, (node, _, reader) -> stream.add(node, target -> reader.read(target.asByteBuffer())));
                chunks = trace.time("dump_blob", stream::finish);
            }
            ImageBuild.countChunks(trace, chunks);
            tree = base.overlay(tree);
            List<Node> table = number(tree, patterns);
            Built built = finish(format, writer, cache, archive, tree, chunks, table);
            if (chunks.chunkCount() > 0 || options.inlineMeta()) {
                file.ifPresent(
                        output -> outputs.setName(output, writer.runningDigest().toString()));
            }
            return built;
        }
    }

    private Built finish(
            BlobFormat format,
            BlobWriter writer,
            Optional<BlobCacheFiles> cache,
            ReferredArchive archive,
            ImageTree tree,
            StoredChunks chunks,
            List<Node> table)
            throws IOException {
        String id = archive.digest().toString();
        BlobTail tail = new BlobTail(writer, format.hasHeaders(), options.blobToc());
        BlobInfo.Builder entry = format.entry()
                .id(id)
                .compressedSize(archive.size())
                .chunkCount(chunks.chunkCount())
                .uncompressedSize(chunks.uncompressedSize());
        boolean hasBlob = chunks.chunkCount() > 0;
        if (hasBlob) {
            ChunkInfoHeader header = tail.appendChunkInfo(chunks, format.chunkSettings());
            entry.chunkInfoCompression(header.compression())
                    .chunkInfoOffset(header.offset())
                    .chunkInfoCompressedSize(header.compressedSize())
                    .chunkInfoUncompressedSize(header.uncompressedSize());
            if (cache.isPresent()) {
                cache.get().finish(id, writer, chunks, Optional.of(header));
            }
        }
        if (options.inlineMeta()) {
            BlobInfo blob = entry.build();
            List<BlobInfo> blobs = base.table().blobs(hasBlob ? Optional.of(blob) : Optional.empty());
            tail.appendBootstrap(writeBootstrap(tree, blobs, table));
            tail.appendToc();
            // The archive is told of even if no file has data, so that callers learn what was made from what.
            List<BlobInfo> told = new ArrayList<>(blobs);
            if (!hasBlob) {
                told.add(blob);
            }
            return new Built(told, Optional.empty());
        }
        Optional<BlobInfo> blob = Optional.empty();
        if (hasBlob) {
            Optional<StoredToc> toc = tail.appendToc();
            toc.ifPresent(stored -> entry.tocSize(stored.size()).tocDigest(stored.digest()));
            blob = Optional.of(entry.metaDigest(writer.runningDigest())
                    .metaSize(writer.position())
                    .build());
        }
        OutputPlace place = options.bootstrapOutput().or(options::blobOutput).orElseThrow();
        List<BlobInfo> blobs = base.table().blobs(blob);
        return new Built(blobs, Optional.of(put(writeBootstrap(tree, blobs, table), place)));
    }

    private MemorySegment writeBootstrap(ImageTree tree, List<BlobInfo> listed, List<Node> table) throws IOException {
        return trace.time("dump_bootstrap", () -> {
            MemorySegment bootstrap = BootstrapWriters.write(
                    arena, options.version(), tree, listed, table, ImageBuild.bootstrapOptions(options, false));
            listener.progress(Step.BOOTSTRAP, bootstrap.byteSize(), bootstrap.byteSize());
            return bootstrap;
        });
    }

    private Path put(MemorySegment bootstrap, OutputPlace place) throws IOException {
        return outputs.putBootstrap(bootstrap, place);
    }
}
