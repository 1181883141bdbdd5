package io.nydus4j.build;

import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.DigestAlgorithm;
import io.nydus4j.build.ProgressListener.Step;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import io.nydus4j.rafs.tree.ImageTree;
import io.nydus4j.rafs.tree.TreeLoader;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Counts what images are made of and what they share: {@code nydus-image stat}. Reads metadata alone. */
public final class StatImages {
    private static final System.Logger LOG = System.getLogger(StatImages.class.getName());

    private final StatOptions options;
    private final ProgressListener listener;
    private final ImageStatistics base = new ImageStatistics();
    private final ImageStatistics target = new ImageStatistics();
    /** The base images' distinct chunks. */
    private final Map<Digest, SharedChunk> shared = new HashMap<>();

    /**
     * Prepares to count; nothing is read yet.
     *
     * @param options  what to count
     * @param listener hears how far the work is
     */
    public StatImages(StatOptions options, ProgressListener listener) {
        this.options = options;
        this.listener = listener;
    }

    /** A chunk of base images. */
    private static final class SharedChunk {
        final ChunkRecord chunk;
        int images;

        SharedChunk(ChunkRecord chunk) {
            this.chunk = chunk;
        }
    }

    /**
     * Counts. May be called once.
     *
     * @throws IllegalArgumentException if there is no base
     * @throws IOException              if an image that was named is broken or cannot be read
     */
    public StatResult run() throws IOException {
        boolean compares = false;
        if (options.bootstrap().isPresent()) {
            addBase(options.bootstrap().get());
        } else if (options.directory().isPresent()) {
            compares = true;
            addDirectory(options.directory().get());
        } else {
            throw new IllegalArgumentException("one of `--bootstrap` and `--blob-dir` must be specified");
        }
        if (options.target().isPresent()) {
            addTarget(options.target().get());
            target.addPaddingToPlainSize();
        }
        base.addPaddingToPlainSize();
        List<SharingStatistics> sharing = compares ? sharing() : List.of();
        return new StatResult(compares, options.target().isPresent(), base, target, sharing);
    }

    private void addDirectory(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            throw new IOException("failed to access path \"" + directory + "\"");
        }
        if (!Files.isDirectory(directory)) {
            throw new IOException("specified path must be a directory: \"" + directory + "\"");
        }
        List<Path> images = new ArrayList<>();
        try (DirectoryStream<Path> children = Files.newDirectoryStream(directory)) {
            for (Path child : children) {
                boolean hasExtension = String.valueOf(child.getFileName()).lastIndexOf('.') > 0;
                boolean isTarget = options.target().filter(child::equals).isPresent();
                if (!hasExtension && !isTarget && Files.isRegularFile(child)) {
                    images.add(child);
                }
            }
        }
        // What a chunk's place looks like is taken from the first image that has it, so the order must not be chance.
        Collections.sort(images);
        for (Path image : images) {
            try {
                addBase(image);
            } catch (IOException e) {
                LOG.log(Level.DEBUG, "failed to process " + image + ", " + e.getMessage());
            }
        }
    }

    private void addBase(Path path) throws IOException {
        try (Rafs image = load(path)) {
            Map<Digest, ChunkRecord> chunks = base.add(tree(image), image.blobs());
            chunks.values().forEach(base::addOwn);
            DigestAlgorithm algorithm = image.superblock().digestAlgorithm();
            if (algorithm == options.digestAlgorithm()) {
                chunks.forEach((digest, chunk) -> shared.computeIfAbsent(digest, _ -> new SharedChunk(chunk)).images++);
            }
        }
    }

    private void addTarget(Path path) throws IOException {
        try (Rafs image = load(path)) {
            for (ChunkRecord chunk : target.add(tree(image), image.blobs()).values()) {
                SharedChunk known = shared.get(chunk.digest());
                if (known != null && known.chunk.uncompressedSize() == chunk.uncompressedSize()) {
                    target.addReferenced(chunk);
                } else {
                    target.addOwn(chunk);
                }
            }
        }
    }

    private Rafs load(Path path) throws IOException {
        return options.blobs().isPresent()
                ? ImageLoading.load(path, options.blobs().get(), LoadOptions.DEFAULT)
                : Rafs.load(path, LoadOptions.DEFAULT);
    }

    private ImageTree tree(Rafs image) throws IOException {
        long names = image.superblock().inodesCount();
        listener.progress(Step.CHECK, 0, names);
        ImageTree tree = TreeLoader.load(image, 0);
        listener.progress(Step.CHECK, names, names);
        return tree;
    }

    private List<SharingStatistics> sharing() {
        for (SharedChunk chunk : shared.values()) {
            base.addDistinct(chunk.chunk);
        }
        List<SharingStatistics> rows = new ArrayList<>();
        for (int threshold = 1; threshold <= SharingStatistics.MOST_ROWS; threshold++) {
            SharingStatistics row = new SharingStatistics(threshold, 0, 0, 0, 0, 0, 0, 0, 0);
            for (SharedChunk chunk : shared.values()) {
                row = row.with(chunk.chunk, chunk.images);
            }
            if (row.dedupChunks() == 0) {
                break;
            }
            rows.add(row);
        }
        return rows;
    }
}
