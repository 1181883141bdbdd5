package io.nydus4j.build;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.Digest;
import io.nydus4j.build.OutputPlace.OutputDirectory;
import io.nydus4j.build.ProgressListener.Step;
import io.nydus4j.build.chunkdict.BlobRow;
import io.nydus4j.build.chunkdict.ChunkDatabase;
import io.nydus4j.build.chunkdict.ChunkRow;
import io.nydus4j.build.chunkdict.DictionarySelection;
import io.nydus4j.build.write.OutputFile;
import io.nydus4j.build.write.StreamSha256;
import io.nydus4j.build.write.UnfinishedFiles;
import io.nydus4j.rafs.BootstrapOptions;
import io.nydus4j.rafs.PrefetchPolicy;
import io.nydus4j.rafs.Superblock;
import io.nydus4j.rafs.tree.ImageTree;
import io.nydus4j.rafs.tree.Node;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Makes a chunk dictionary from images: {@code nydus-image chunkdict generate}. The images' chunks go into a database, with those of
 * earlier runs; what images have in common, or keep from version to version, is chosen from it; the dictionary has all chunks of the blobs
 * that the choice comes from.
 *
 * <p>A failure leaves the database as it was, and no dictionary.
 */
public final class GenerateChunkDictionary {
    private static final String ZERO_DIGEST = Digest.ZERO.toString();

    private final ChunkDictionaryOptions options;
    private final ProgressListener listener;
    private final TraceRecorder trace = new TraceRecorder();

    /**
     * Prepares the work; nothing is read yet.
     *
     * @param options  what to do
     * @param listener hears how far the work is
     */
    public GenerateChunkDictionary(ChunkDictionaryOptions options, ProgressListener listener) {
        this.options = options;
        this.listener = listener;
    }

    /**
     * Makes the dictionary. May be called once.
     *
     * @throws MixedVersionsException if the images are not of one format version
     * @throws IOException            if an image is broken or does not go with the others, or a file cannot be used
     */
    public ChunkDictionaryResult run() throws IOException {
        if (options.output() instanceof OutputDirectory directory && !Files.isDirectory(directory.path())) {
            throw new IOException("Directory to store blobs does not exist: " + directory.path());
        }
        List<LearnedImage> images = new ArrayList<>();
        for (Path source : options.sources()) {
            images.add(trace.time("load_tree_from_bootstrap", () -> LearnedImage.read(source, options.blobs())));
            listener.progress(Step.SCAN, images.size(), options.sources().size());
        }
        requireSameKind(images);
        boolean inMemory = options.database().equals(":memory:");
        Path file = Path.of(options.database());
        if (!inMemory && Files.isDirectory(file)) {
            throw new IOException("unable to open database file: " + file + " is a directory");
        }
        boolean existed = inMemory || Files.exists(file);
        Path journal = Path.of(options.database() + "-journal");
        if (!existed) {
            UnfinishedFiles.ofProcess().add(file);
            UnfinishedFiles.ofProcess().add(journal);
        }
        boolean done = false;
        try (ChunkDatabase database = ChunkDatabase.open(options.database())) {
            ChunkDictionaryResult result = generate(images, database);
            done = true;
            return result;
        } finally {
            if (!done && !existed) {
                Files.deleteIfExists(file);
            }
            UnfinishedFiles.ofProcess().remove(file);
            UnfinishedFiles.ofProcess().remove(journal);
        }
    }

    private static void requireSameKind(List<LearnedImage> images) throws IOException {
        Superblock first = images.getFirst().superblock();
        List<String> versions = new ArrayList<>();
        boolean mixed = false;
        for (LearnedImage image : images) {
            Superblock superblock = image.superblock();
            mixed |= superblock.version() != first.version();
            versions.add("Bootstrap path \"" + image.path() + "\" has version " + superblock.version());
        }
        if (mixed) {
            throw new MixedVersionsException(versions);
        }
        for (LearnedImage image : images) {
            Superblock superblock = image.superblock();
            if (superblock.chunkSize() != first.chunkSize()) {
                throw new IOException("Inconsistent configuration of chunk_size: " + first.chunkSize() + " vs "
                        + superblock.chunkSize() + " of " + image.path());
            }
            if (superblock.digestAlgorithm() != first.digestAlgorithm()) {
                throw new IOException(
                        "Inconsistent configuration of digester: " + image.path() + " identifies chunks otherwise than "
                                + images.getFirst().path());
            }
        }
    }

    private ChunkDictionaryResult generate(List<LearnedImage> images, ChunkDatabase database) throws IOException {
        for (LearnedImage image : images) {
            database.addBlobs(image.blobRows());
            database.addChunks(image.rows());
        }
        List<ChunkRow> all = database.chunks();
        DictionarySelection selection = DictionarySelection.of(all);
        Set<String> blobIds = new LinkedHashSet<>();
        DictionaryImage.byBlob(selection.rows()).keySet().forEach(blobIds::add);
        DictionaryImage dictionary = new DictionaryImage(images);
        Map<String, List<ChunkRow>> rows = DictionaryImage.byBlob(all);
        for (String id : blobIds) {
            Optional<BlobRow> blob = database.blob(id);
            List<ChunkRow> ofBlob = rows.getOrDefault(id, List.of());
            if (blob.isPresent()
                    && ofBlob.stream().noneMatch(row -> row.digest().equals(ZERO_DIGEST))) {
                dictionary.add(blob.get(), ofBlob);
            }
        }
        Path output = write(dictionary, images.getFirst().superblock(), database);
        Set<String> unclustered = new LinkedHashSet<>();
        all.forEach(row -> unclustered.add(row.image()));
        unclustered.removeAll(selection.clusteredImages());
        return new ChunkDictionaryResult(
                built(dictionary, output, images.getFirst().superblock()),
                size(all),
                selection.trainingSize(),
                selection.testSize(),
                selection.remainingSize(),
                size(selection.rows()),
                dictionary.chunkCount(),
                List.copyOf(unclustered),
                dictionary.warnings());
    }

    private static long size(List<ChunkRow> rows) {
        return rows.stream().mapToLong(ChunkRow::compressedSize).sum();
    }

    private Path write(DictionaryImage dictionary, Superblock model, ChunkDatabase database) throws IOException {
        try (Arena arena = Arena.ofShared();
                BuildOutputs outputs = new BuildOutputs()) {
            ImageTree tree = dictionary.tree();
            BootstrapOptions bootstrapOptions = new BootstrapOptions(
                    model.chunkSize(),
                    model.compression(),
                    model.digestAlgorithm(),
                    model.cipher(),
                    true,
                    false,
                    model.tarfs());
            MemorySegment bootstrap = trace.time(
                    "dump_bootstrap",
                    () -> BootstrapWriters.write(
                            arena, model.version(), tree, dictionary.blobs(), prefetchNodes(tree), bootstrapOptions));
            OutputFile file = outputs.open(options.output());
            file.write(bootstrap);
            String name = StreamSha256.of(bootstrap).toString();
            outputs.setName(file, name);
            // Only now, when little can go wrong.
            database.commit();
            outputs.commit();
            Path path = options.output().path();
            return options.output() instanceof OutputDirectory ? path.resolve(name) : path;
        }
    }

    private List<Node> prefetchNodes(ImageTree tree) {
        if (options.prefetchPolicy() != PrefetchPolicy.FS) {
            return List.of();
        }
        return PrefetchHints.patterns(options.prefetchPolicy(), options.prefetchHints())
                .select(tree)
                .tableNodes();
    }

    private BuildResult built(DictionaryImage dictionary, Path output, Superblock model) {
        List<BlobInfo> blobs = dictionary.blobs();
        return new BuildResult(
                Optional.of(output),
                blobs.stream().map(BlobInfo::id).toList(),
                blobs.isEmpty() ? 0 : blobs.getLast().compressedSize(),
                Optional.empty(),
                List.of(),
                model.version(),
                model.compression(),
                new BuildTrace(trace.trace().consumedTime(), new TreeMap<>()));
    }
}
