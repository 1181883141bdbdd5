package io.nydus4j.build;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.build.ProgressListener.Step;
import io.nydus4j.build.read.ChunkReader;
import io.nydus4j.build.read.StoredBlobs;
import io.nydus4j.build.repack.RepackedBlob;
import io.nydus4j.build.write.OutputFile;
import io.nydus4j.linux.RawBytes;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import io.nydus4j.rafs.tree.Node;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Puts the chunks that are read early into a blob of their own, which is small and can be fetched at once: {@code nydus-image optimize}.
 *
 * <p>The new image has all blobs of the old one and the new blob; files read early refer to the latter. Every chunk is verified before it
 * is copied. Nothing half-written stays behind.
 */
public final class OptimizeImage {
    private static final System.Logger LOG = System.getLogger(OptimizeImage.class.getName());

    private final OptimizeOptions options;
    private final ProgressListener listener;
    private final TraceRecorder trace = new TraceRecorder();

    /**
     * Prepares the work; nothing is read yet.
     *
     * @param options  what to do
     * @param listener hears how far the work is
     */
    public OptimizeImage(OptimizeOptions options, ProgressListener listener) {
        this.options = options;
        this.listener = listener;
    }

    /**
     * Makes the new image. May be called once, and may block on the network.
     *
     * @throws IOException if the image is broken or of tar files, a chunk cannot be read, or the output cannot be written
     */
    public BuildResult run() throws IOException {
        RewrittenImage image;
        StoredBlobs stored;
        try (Rafs rafs = ImageLoading.load(options.bootstrap(), options.blobs(), LoadOptions.DEFAULT)) {
            if (rafs.superblock().tarfs()) {
                throw new IOException("an image of tar files cannot have a blob for prefetching");
            }
            image = trace.time("load_tree_from_bootstrap", () -> new RewrittenImage(rafs));
            stored = StoredBlobs.open(rafs.blobs(), options.blobs());
        }
        if (!Files.isDirectory(options.blobDirectory())) {
            throw new IOException("directory to store blobs does not exist: " + options.blobDirectory());
        }
        try (Arena arena = Arena.ofShared();
                BuildOutputs outputs = new BuildOutputs()) {
            OutputFile blobFile = outputs.open(new OutputPlace.OutputDirectory(options.blobDirectory()));
            RepackedBlob blob =
                    image.newBlob(image.blobs().size(), BlobFeatures.IS_SEPARATED_WITH_PREFETCH_FILES, true, blobFile);
            copyChunks(image, stored, blob);
            BlobInfo entry = blob.finish();
            outputs.setName(blobFile, entry.id());
            List<BlobInfo> blobs = new ArrayList<>(image.blobs());
            blobs.add(entry);
            outputs.open(new OutputPlace.OutputFile(options.output()))
                    .write(trace.time("dump_bootstrap", () -> image.bootstrap(blobs, arena)));
            outputs.commit();
            return result(image, blobs);
        }
    }

    private BuildResult result(RewrittenImage image, List<BlobInfo> blobs) {
        Path output = options.output();
        return new BuildResult(
                Optional.of(output),
                blobs.stream().map(BlobInfo::id).toList(),
                blobs.getLast().compressedSize(),
                Optional.empty(),
                List.of(),
                image.version(),
                image.superblock().compression(),
                new BuildTrace(trace.trace().consumedTime(), new TreeMap<>()));
    }

    private void copyChunks(RewrittenImage image, StoredBlobs stored, RepackedBlob blob) throws IOException {
        int newIndex = image.blobs().size();
        try (ChunkReader reader = new ChunkReader(stored)) {
            for (AccessedFile file : options.files()) {
                Node node = find(image.tree().root(), file.path());
                if (node == null) {
                    LOG.log(Level.WARNING, "prefetch file " + text(file.path()) + " is bad, skip it");
                    continue;
                }
                // All names of a file share the array.
                ChunkRecord[] chunks = node.chunks();
                for (int i = 0; i < chunks.length; i++) {
                    ChunkRecord chunk = chunks[i];
                    long start = (long) i * image.superblock().chunkSize();
                    long end = start + Integer.toUnsignedLong(chunk.uncompressedSize());
                    if (chunk.blobIndex() != newIndex && file.wants(start, end)) {
                        chunks[i] = blob.add(chunk, reader).atFileOffset(chunk.fileOffset());
                        listener.progress(Step.REPACK, blob.chunkCount(), -1);
                    }
                }
            }
        }
    }

    private static String text(byte[] path) {
        return RawBytes.text(path);
    }

    /** Returns the node of a path, whose empty and {@code .} components do not count; null if there is none. */
    private static @Nullable Node find(Node root, byte[] path) {
        Node node = root;
        int start = 0;
        for (int i = 0; i <= path.length && node != null; i++) {
            if (i == path.length || path[i] == '/') {
                boolean counts = i > start && !(i == start + 1 && path[start] == '.');
                if (counts) {
                    node = node.child(Arrays.copyOfRange(path, start, i));
                }
                start = i + 1;
            }
        }
        return node;
    }
}
