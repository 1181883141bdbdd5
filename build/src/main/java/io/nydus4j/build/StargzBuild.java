package io.nydus4j.build;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.CipherAlgorithm;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.DigestAlgorithm;
import io.nydus4j.blob.PositionalSource;
import io.nydus4j.blob.chunk.ChunkInfo;
import io.nydus4j.blob.chunk.ChunkInfoFlags;
import io.nydus4j.blob.chunk.ChunkInfoHeader;
import io.nydus4j.blob.chunk.ChunkInfoWriter;
import io.nydus4j.build.ProgressListener.Step;
import io.nydus4j.build.stargz.StargzBlob;
import io.nydus4j.build.stargz.StargzContents;
import io.nydus4j.build.stargz.StargzLayout;
import io.nydus4j.build.stargz.StargzSource;
import io.nydus4j.build.write.StreamSha256;
import io.nydus4j.linux.RawBytes;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.rafs.BootstrapOptions;
import io.nydus4j.rafs.PrefetchPolicy;
import io.nydus4j.rafs.RafsVersion;
import io.nydus4j.rafs.tree.ImageTree;
import io.nydus4j.rafs.tree.Node;
import io.nydus4j.rafs.tree.PrefetchPatterns;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * One build from the table of contents of a layer of the stargz family: a bootstrap whose chunks lie in the layer. Mirrors
 * {@code StargzBuilder} of the reference. Not safe for use by several threads.
 */
final class StargzBuild {
    private static final int HASHED_AT_ONCE = 1 << 20;

    private final CreateOptions options;
    private final BuildBase base;
    private final ProgressListener listener;
    private final TraceRecorder trace;
    private final BuildOutputs outputs;
    private final Arena arena;

    /** Prepares a build; {@code outputs} take its file, {@code arena} its bootstrap. */
    StargzBuild(
            CreateOptions options,
            BuildBase base,
            ProgressListener listener,
            TraceRecorder trace,
            BuildOutputs outputs,
            Arena arena) {
        this.options = options;
        this.base = base;
        this.listener = listener;
        this.trace = trace;
        this.outputs = outputs;
        this.arena = arena;
    }

    /** Builds the image and gives its file its name. The trace of the result is empty. */
    BuildResult run(PrefetchPatterns patterns) throws IOException {
        try (StargzSource source = openSource()) {
            StargzLayout layout = layout(source);
            StargzContents.Result contents = trace.time("build_tree", () -> readContents(source, layout));
            listener.progress(Step.SCAN, contents.entries(), contents.entries());
            ImageTree tree = base.overlay(contents.tree());
            PrefetchPatterns.Selection selection = trace.time("build_bootstrap", () -> {
                tree.number();
                return patterns.select(tree);
            });
            List<BlobInfo> blobs = base.table().blobs(trace.time("dump_blob", () -> describe(contents.blob(), layout)));
            List<Node> table = options.prefetchPolicy() == PrefetchPolicy.FS ? selection.tableNodes() : List.of();
            MemorySegment bootstrap = trace.time(
                    "dump_bootstrap",
                    () -> BootstrapWriters.write(
                            arena, options.version(), tree, blobs, table, bootstrapOptions(layout.compression())));
            listener.progress(Step.BOOTSTRAP, bootstrap.byteSize(), bootstrap.byteSize());
            OutputPlace place =
                    options.bootstrapOutput().or(options::blobOutput).orElseThrow();
            var path = outputs.putBootstrap(bootstrap, place);
            outputs.commit();
            trace.effectiveIds();
            return new BuildResult(
                    Optional.of(path),
                    blobs.stream().map(BlobInfo::id).toList(),
                    blobs.isEmpty() ? 0 : blobs.getLast().compressedSize(),
                    Optional.empty(),
                    List.of(),
                    options.version(),
                    layout.compression(),
                    new BuildTrace(new TreeMap<>(), new TreeMap<>()));
        }
    }

    private StargzSource openSource() throws IOException {
        try {
            return StargzSource.open(options.source());
        } catch (IOException e) {
            throw new IOException(
                    "failed to open stargz index file " + RawBytes.printable(NativePath.bytes(options.source())) + ": "
                            + e.getMessage(),
                    e);
        }
    }

    private StargzLayout layout(StargzSource source) throws IOException {
        boolean text = source.layer().isEmpty();
        if (text && options.blobId().isEmpty()) {
            throw new IllegalArgumentException("'--blob-id' is missing for '--type stargz_index'");
        }
        if (text && options.blobDataSize().isEmpty()) {
            throw new IllegalArgumentException("no value specified for '--blob-data-size'");
        }
        boolean version6 = options.version() == RafsVersion.V6;
        return new StargzLayout(
                options.blobId().isEmpty() ? digestOfSource() : options.blobId(),
                source.layer()
                        .map(StargzSource.Layer::dataSize)
                        .orElseGet(() -> options.blobDataSize().orElseThrow()),
                source.layer().map(StargzSource.Layer::compression).orElse(Compression.GZIP),
                options.chunkSize(),
                version6,
                version6 || options.alignedChunks(),
                options.explicitUidGid(),
                base.layer());
    }

    /** Returns what registries call the layer. */
    private String digestOfSource() throws IOException {
        StreamSha256 sha256 = StreamSha256.start();
        ByteBuffer buffer = ByteBuffer.allocate(HASHED_AT_ONCE);
        try (FileChannel channel = FileChannel.open(options.source())) {
            PositionalSource layer = PositionalSource.of(channel);
            for (long position = 0; layer.readAt(position, buffer.clear()) > 0; position += buffer.limit()) {
                sha256.update(MemorySegment.ofBuffer(buffer.flip()));
            }
        }
        return sha256.soFar().toString();
    }

    private StargzContents.Result readContents(StargzSource source, StargzLayout layout) throws IOException {
        try {
            return StargzContents.read(source.json(), layout, base.chunks(), base.table());
        } catch (IOException e) {
            throw new IOException(
                    "failed to build tree from stargz index " + RawBytes.printable(NativePath.bytes(options.source()))
                            + ": " + e.getMessage(),
                    e);
        }
    }

    /** Makes the blob's entry; there is none for a layer without data. */
    private Optional<BlobInfo> describe(StargzBlob blob, StargzLayout layout) throws IOException {
        if (blob.chunks().isEmpty()) {
            return Optional.empty();
        }
        int bits = BlobFeatures.CAP_TAR_TOC | (layout.version6() ? BlobFeatures.ALIGNED : 0);
        BlobFeatures features = new BlobFeatures(bits);
        BlobInfo.Builder entry = BlobInfo.builder()
                .id(layout.blobId())
                .chunkSize(layout.chunkSize())
                .chunkCount(blob.chunks().size())
                .compression(layout.compression())
                .digestAlgorithm(DigestAlgorithm.SHA256)
                .features(features)
                .compressedSize(blob.compressedSize())
                .uncompressedSize(blob.uncompressedSize());
        if (layout.version6()) {
            // The array is stored nowhere: its place, 0, says that the layer has none.
            ChunkInfoHeader header = chunkInfo(blob, features)
                    .store(Compression.ZSTD, 0, Optional.empty())
                    .header();
            entry.chunkInfoCompression(header.compression())
                    .chunkInfoCompressedSize(header.compressedSize())
                    .chunkInfoUncompressedSize(header.uncompressedSize());
        }
        return Optional.of(entry.build());
    }

    private static ChunkInfoWriter chunkInfo(StargzBlob blob, BlobFeatures features) throws IOException {
        ChunkInfoWriter writer = new ChunkInfoWriter(features);
        try {
            for (ChunkRecord chunk : blob.chunks()) {
                writer.add(new ChunkInfo(
                        chunk.uncompressedOffset(),
                        chunk.uncompressedSize(),
                        chunk.compressedOffset(),
                        chunk.compressedSize(),
                        ChunkInfoFlags.COMPRESSED,
                        0));
            }
        } catch (IllegalArgumentException e) {
            throw new IOException("the image does not fit its format: " + e.getMessage(), e);
        }
        return writer;
    }

    private BootstrapOptions bootstrapOptions(Compression compression) {
        return new BootstrapOptions(
                options.chunkSize(),
                compression,
                DigestAlgorithm.SHA256,
                CipherAlgorithm.NONE,
                options.explicitUidGid(),
                false,
                false);
    }
}
