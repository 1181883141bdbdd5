package io.nydus4j.storage.cache;

import io.nydus4j.blob.BlobDigestException;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.DigestAlgorithm;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.FileStatus;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.linux.file.OpenFlags;
import io.nydus4j.linux.file.PosixFiles;
import io.nydus4j.storage.dedup.ChunkPlace;
import io.nydus4j.storage.dedup.DedupStore;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Takes chunks of one blob out of the cache files of other blobs, and tells where its own are.
 *
 * <p>The kernel copies, and lets both files share the blocks where the file system can. What is where is a hint of a database that anybody
 * may have written, and the other file may change at any moment: a chunk counts only if, read back out of this blob's file, it has its
 * digest. Files on other file systems are left alone, so that nothing is read out of a mount of this very process. Safe for use by several
 * threads.
 */
final class ChunkSharing implements AutoCloseable {
    private static final Logger LOGGER = System.getLogger(ChunkSharing.class.getName());

    private final DedupStore store;
    private final DigestAlgorithm algorithm;
    private final Descriptor own;
    private final FileStatus ownStatus;
    private final String path;

    private ChunkSharing(DedupStore store, DigestAlgorithm algorithm, Descriptor own, String path) throws IOException {
        this.store = store;
        this.algorithm = algorithm;
        this.own = own;
        this.ownStatus = own.status();
        this.path = path;
    }

    /**
     * Opens the file of a blob, which is there, for sharing.
     *
     * @param file holds plain bytes
     * @return null if the file has a name that is no text, and so cannot be told
     */
    static @Nullable ChunkSharing of(DedupStore store, BlobInfo blob, Path file) throws IOException {
        byte[] name = NativePath.bytes(file.toRealPath());
        String path = new String(name, StandardCharsets.UTF_8);
        if (!Arrays.equals(path.getBytes(StandardCharsets.UTF_8), name)) {
            return null;
        }
        Descriptor own = PosixFiles.open(Descriptor.WORKING_DIRECTORY, name, OpenFlags.READ_WRITE, 0);
        try {
            return new ChunkSharing(store, blob.digestAlgorithm(), own, path);
        } catch (IOException e) {
            own.close();
            throw e;
        }
    }

    /** Begins to take chunks; for one thread. */
    Taking begin(ChunkIndex index, ChunkChecks checks, ChunkFile file, DecodeWorker worker) {
        return new Taking(index, checks, file, worker);
    }

    /** Tells that the file holds a chunk. */
    void tell(ChunkIndex index, ChunkChecks checks, int position) {
        Digest digest = checks.digestOf(index.indexInBlob(position));
        if (digest != null) {
            store.add(DedupStore.chunkId(algorithm, digest), new ChunkPlace(path, index.start(position)));
        }
    }

    /** Says that nobody uses this, and that cache files may be gone. */
    @Override
    public void close() {
        store.forgetMissingFiles();
        try {
            own.close();
        } catch (IOException e) {
            LOGGER.log(Level.DEBUG, "Closing " + path, e);
        }
    }

    /** Takes chunks one after the other, and keeps the files open that they come from. For one thread. */
    final class Taking implements AutoCloseable {
        private final ChunkIndex index;
        private final ChunkChecks checks;
        private final ChunkFile file;
        private final DecodeWorker worker;
        private final Map<String, Source> sources = new HashMap<>();

        private Taking(ChunkIndex index, ChunkChecks checks, ChunkFile file, DecodeWorker worker) {
            this.index = index;
            this.checks = checks;
            this.file = file;
            this.worker = worker;
        }

        /**
         * Copies a chunk out of another blob's file, if one has it.
         *
         * @return whether the right bytes are in this blob's file; if not, anything may be where they belong
         */
        boolean take(int position) {
            Digest digest = checks.digestOf(index.indexInBlob(position));
            if (digest == null) {
                return false;
            }
            String chunkId = DedupStore.chunkId(algorithm, digest);
            for (ChunkPlace place : store.find(chunkId, path)) {
                try {
                    if (copy(place, position)) {
                        return true;
                    }
                    store.forget(chunkId, place.file());
                } catch (IOException e) {
                    LOGGER.log(Level.DEBUG, "Cannot copy a chunk from " + place, e);
                }
            }
            return false;
        }

        /** Tells whether the chunk is there now; if not, its place is not worth to be remembered. */
        private boolean copy(ChunkPlace place, int position) throws IOException {
            Source source = sources.computeIfAbsent(place.file(), name -> Source.open(name, ownStatus.dev()));
            long length = index.length(position);
            if (source.descriptor == null || place.offset() < 0 || place.offset() > source.size - length) {
                return false;
            }
            long start = index.start(position);
            long whole = index.padded() ? length + ChunkIndex.PAGE - 1 & -ChunkIndex.PAGE : length;
            // Whole blocks can be shared; what belongs to no chunk becomes zeros again when it is read back.
            long most = Math.min(whole, Math.min(source.size - place.offset(), ownStatus.size() - start));
            if (source.descriptor.copyTo(place.offset(), own, start, most) < length) {
                return false;
            }
            try {
                worker.check(checks, index.indexInBlob(position), file.read(index, position, worker));
                return true;
            } catch (BlobDigestException e) {
                LOGGER.log(Level.DEBUG, "Not what was looked for at " + place, e);
                return false;
            }
        }

        @Override
        public void close() {
            sources.values().forEach(Source::close);
        }
    }

    /** A file that chunks are taken from; without a descriptor if it cannot be one. */
    private record Source(@Nullable Descriptor descriptor, long size) {
        private static final Source NONE = new Source(null, 0);

        static Source open(String path, long device) {
            if (!path.endsWith(PlainChunkFile.SUFFIX)) {
                return NONE;
            }
            try {
                Descriptor descriptor = PosixFiles.open(
                        Descriptor.WORKING_DIRECTORY,
                        path.getBytes(StandardCharsets.UTF_8),
                        OpenFlags.READ_ONLY | OpenFlags.NO_FOLLOW | OpenFlags.NON_BLOCKING,
                        0);
                FileStatus status = descriptor.status();
                if (status.isRegular() && status.dev() == device) {
                    return new Source(descriptor, status.size());
                }
                descriptor.close();
            } catch (IOException e) {
                LOGGER.log(Level.DEBUG, "Cannot take chunks from " + path, e);
            }
            return NONE;
        }

        void close() {
            try {
                if (descriptor != null) {
                    descriptor.close();
                }
            } catch (IOException e) {
                LOGGER.log(Level.DEBUG, "Closing a file that chunks were taken from", e);
            }
        }
    }
}
