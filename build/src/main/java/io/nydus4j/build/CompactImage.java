package io.nydus4j.build;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.Digest;
import io.nydus4j.build.ProgressListener.Step;
import io.nydus4j.build.read.ChunkReader;
import io.nydus4j.build.read.StoredBlobs;
import io.nydus4j.build.repack.BlobUse;
import io.nydus4j.build.repack.CompactPlan;
import io.nydus4j.build.repack.RepackedBlob;
import io.nydus4j.build.write.OutputFile;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import io.nydus4j.rafs.tree.Node;
import io.nydus4j.rafs.tree.SourceId;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Makes an image's blobs fewer and smaller: {@code nydus-image compact}. Blobs of which nothing is used vanish from the image; those of
 * which little is used are written anew without the rest; small ones are put together. Chunks that a dictionary has are taken from its
 * blobs.
 *
 * <p>Every chunk is verified before it is copied. Nothing half-written stays behind, and blobs that are there are never changed.
 */
public final class CompactImage {
    private final CompactOptions options;
    private final ProgressListener listener;
    private final TraceRecorder trace = new TraceRecorder();

    /**
     * Prepares the work; nothing is read yet.
     *
     * @param options  what to do
     * @param listener hears how far the work is
     */
    public CompactImage(CompactOptions options, ProgressListener listener) {
        this.options = options;
        this.listener = listener;
    }

    /** The image, what it uses of each blob, and its blobs as they are stored. */
    private record Input(RewrittenImage image, List<BlobUse> uses, StoredBlobs stored) {}

    /** Chunks of the dictionary by digest, and its blobs. */
    private record Dictionary(Map<Digest, ChunkRecord> chunks, List<BlobInfo> blobs) {
        static final Dictionary NONE = new Dictionary(Map.of(), List.of());
    }

    /**
     * Makes the new image. May be called once, and may block on the network.
     *
     * @return what was made; empty if there is nothing to be won
     * @throws IOException if the image is broken, a chunk cannot be read, or the output cannot be written
     */
    public Optional<BuildResult> run() throws IOException {
        try (Rafs rafs = ImageLoading.load(options.bootstrap(), options.blobs(), LoadOptions.DEFAULT)) {
            RewrittenImage image = trace.time("load_tree_from_bootstrap", () -> new RewrittenImage(rafs));
            if (image.blobs().size() < options.layersToCompact()) {
                return Optional.empty();
            }
            Dictionary dictionary = options.dictionary().isPresent() ? dictionary(image) : Dictionary.NONE;
            List<BlobUse> uses = new ArrayList<>();
            for (BlobInfo blob : rafs.blobs()) {
                uses.add(new BlobUse(blob));
            }
            Map<Integer, Integer> dictionaryIndexes = redirect(image, uses, dictionary);
            Set<String> untouched = new HashSet<>();
            dictionary.blobs.forEach(blob -> untouched.add(blob.id()));
            List<BlobUse> free = uses.stream()
                    .filter(use -> !untouched.contains(use.blob().effectiveId()))
                    .toList();
            CompactPlan plan =
                    CompactPlan.of(free, options.minUsedRatio(), options.compactBlobSize(), options.maxCompactSize());
            if (plan.kept().size() == free.size() && dictionaryIndexes.isEmpty()) {
                return Optional.empty();
            }
            List<BlobInfo> stored = rafs.blobs();
            StoredBlobs blobs = StoredBlobs.open(
                    stored,
                    options.blobs(),
                    plan.rebuilt().stream()
                            .flatMap(List::stream)
                            .map(use -> use.blob().index())
                            .toList());
            return Optional.of(write(new Input(image, uses, blobs), plan, dictionary, dictionaryIndexes));
        }
    }

    private Dictionary dictionary(RewrittenImage image) throws IOException {
        try (Rafs rafs = Rafs.load(options.dictionary().orElseThrow(), LoadOptions.DEFAULT)) {
            boolean fits = rafs.superblock().version() == image.version()
                    && rafs.superblock().chunkSize() == image.superblock().chunkSize()
                    && rafs.superblock().digestAlgorithm() == image.superblock().digestAlgorithm();
            if (!fits) {
                throw new IOException("Inconsistent RAFS Filesystem: the chunk dictionary has another version, chunk"
                        + " size or digest than the image");
            }
            RewrittenImage dictionary = new RewrittenImage(rafs);
            Map<Digest, ChunkRecord> chunks = new HashMap<>();
            rafs.forEachChunk(chunk -> chunks.putIfAbsent(chunk.digest(), chunk));
            return new Dictionary(chunks, dictionary.blobs());
        }
    }

    /**
     * Points chunks that the dictionary has to its blobs, and notes the use of all others.
     *
     * @return indexes that stand for blobs of the dictionary, by their index there; they follow those of the image
     */
    private Map<Integer, Integer> redirect(RewrittenImage image, List<BlobUse> uses, Dictionary dictionary)
            throws IOException {
        Map<Integer, Integer> indexes = new TreeMap<>();
        Map<String, Integer> known = new HashMap<>();
        image.blobs().forEach(blob -> known.put(blob.id(), blob.index()));
        for (ChunkRecord[] chunks : files(image)) {
            for (int i = 0; i < chunks.length; i++) {
                ChunkRecord chunk = chunks[i];
                ChunkRecord shared = chunk.digest().isZero() ? null : dictionary.chunks.get(chunk.digest());
                if (shared != null && shared.uncompressedSize() == chunk.uncompressedSize()) {
                    Integer place =
                            known.get(dictionary.blobs.get(shared.blobIndex()).id());
                    if (place == null) {
                        place = indexes.computeIfAbsent(
                                shared.blobIndex(), _ -> image.blobs().size() + indexes.size());
                    }
                    chunks[i] = shared.atFileOffset(chunk.fileOffset()).inBlob(place);
                }
                if (chunks[i].blobIndex() < uses.size()) {
                    uses.get(chunks[i].blobIndex()).add(chunks[i]);
                }
            }
        }
        return indexes;
    }

    /** Returns the chunk lists of all files, each once: all names of a file share theirs. */
    private static List<ChunkRecord[]> files(RewrittenImage image) {
        List<ChunkRecord[]> files = new ArrayList<>();
        Set<SourceId> seen = new HashSet<>();
        for (Node node : image.tree().nodes()) {
            if (node.isRegular() && node.chunks().length > 0 && seen.add(node.sourceId())) {
                files.add(node.chunks());
            }
        }
        return files;
    }

    private BuildResult write(
            Input input, CompactPlan plan, Dictionary dictionary, Map<Integer, Integer> dictionaryIndexes)
            throws IOException {
        RewrittenImage image = input.image;
        if (!plan.rebuilt().isEmpty() && !Files.isDirectory(options.blobDirectory())) {
            throw new IOException("directory to store blobs does not exist: " + options.blobDirectory());
        }
        // Old index, or index that stands for a dictionary's blob, to new one.
        Map<Integer, Integer> moved = new HashMap<>();
        List<BlobInfo> table = new ArrayList<>();
        Set<Integer> replaced = new HashSet<>();
        plan.rebuilt()
                .forEach(group -> group.forEach(use -> replaced.add(use.blob().index())));
        for (BlobUse use : input.uses) {
            int index = use.blob().index();
            if (!use.isUnused() && !replaced.contains(index)) {
                append(table, image.blobs().get(index), index, moved);
            }
        }
        dictionaryIndexes.forEach(
                (inDictionary, index) -> append(table, dictionary.blobs.get(inDictionary), index, moved));
        try (Arena arena = Arena.ofShared();
                BuildOutputs outputs = new BuildOutputs();
                ChunkReader reader = new ChunkReader(input.stored)) {
            Map<Integer, Map<Integer, ChunkRecord>> copies = new HashMap<>();
            for (List<BlobUse> group : plan.rebuilt()) {
                table.add(rebuild(image, group, table.size(), outputs, reader, copies));
            }
            for (ChunkRecord[] chunks : files(image)) {
                for (int i = 0; i < chunks.length; i++) {
                    chunks[i] = moved(chunks[i], moved, copies);
                }
            }
            outputs.open(new OutputPlace.OutputFile(options.output()))
                    .write(trace.time("dump_bootstrap", () -> image.bootstrap(table, arena)));
            outputs.commit();
        }
        return new BuildResult(
                Optional.of(options.output()),
                table.stream().map(BlobInfo::id).toList(),
                table.isEmpty() ? 0 : table.getLast().compressedSize(),
                Optional.empty(),
                List.of(),
                image.version(),
                image.superblock().compression(),
                trace.trace());
    }

    private static void append(List<BlobInfo> table, BlobInfo blob, int oldIndex, Map<Integer, Integer> moved) {
        moved.put(oldIndex, table.size());
        table.add(blob.toBuilder().index(table.size()).build());
    }

    private BlobInfo rebuild(
            RewrittenImage image,
            List<BlobUse> group,
            int index,
            BuildOutputs outputs,
            ChunkReader reader,
            Map<Integer, Map<Integer, ChunkRecord>> copies)
            throws IOException {
        OutputFile file = outputs.open(new OutputPlace.OutputDirectory(options.blobDirectory()));
        RepackedBlob blob = image.newBlob(index, 0, false, file);
        for (BlobUse use : group) {
            Map<Integer, ChunkRecord> copied = new HashMap<>();
            for (ChunkRecord chunk : use.chunks()) {
                copied.put(chunk.index(), blob.add(chunk, reader));
                listener.progress(Step.REPACK, blob.chunkCount(), -1);
            }
            copies.put(use.blob().index(), copied);
        }
        BlobInfo entry = blob.finish();
        outputs.setName(file, entry.id());
        return entry;
    }

    private static ChunkRecord moved(
            ChunkRecord chunk, Map<Integer, Integer> moved, Map<Integer, Map<Integer, ChunkRecord>> copies) {
        Map<Integer, ChunkRecord> copied = copies.get(chunk.blobIndex());
        if (copied != null) {
            ChunkRecord copy = copied.get(chunk.index());
            if (copy == null) {
                throw new IllegalStateException("a chunk in use was not copied");
            }
            return copy.atFileOffset(chunk.fileOffset());
        }
        return chunk.inBlob(moved.getOrDefault(chunk.blobIndex(), chunk.blobIndex()));
    }
}
