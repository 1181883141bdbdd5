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
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Takes chunks of one blob out of the cache files of other blobs, and tells where its own are. Safe for use by several threads.
 *
 * <p>What is where is a hint of a database that anybody may have written, and the other file may change at any moment. So a chunk is copied
 * into memory, compared with its digest there, and only then written: other processes may serve readers out of this blob's file. Files on
 * other file systems are left alone, lest something be read out of a mount of this very process.
 */
final class ChunkSharing {
    private static final Logger LOGGER = System.getLogger(ChunkSharing.class.getName());

    private final DedupStore store;
    private final DigestAlgorithm algorithm;
    private final String path;
    private final long device;
    private final PlainChunkFile file;
    private final DecodeWorkers workers;

    private ChunkSharing(
            DedupStore store,
            DigestAlgorithm algorithm,
            String path,
            long device,
            PlainChunkFile file,
            DecodeWorkers workers) {
        this.store = store;
        this.algorithm = algorithm;
        this.path = path;
        this.device = device;
        this.file = file;
        this.workers = workers;
    }

    /**
     * Lets a blob share its chunks.
     *
     * @param path    where its file is
     * @param file    the file
     * @param workers check chunks
     * @return null if the file's name is no text, so that nobody could be told of it
     */
    static @Nullable ChunkSharing of(
            DedupStore store, BlobInfo blob, Path path, PlainChunkFile file, DecodeWorkers workers) throws IOException {
        byte[] name = NativePath.bytes(path.toRealPath());
        String text = new String(name, StandardCharsets.UTF_8);
        if (!Arrays.equals(text.getBytes(StandardCharsets.UTF_8), name)) {
            return null;
        }
        long device = PosixFiles.status(Descriptor.WORKING_DIRECTORY, name).dev();
        return new ChunkSharing(store, blob.digestAlgorithm(), text, device, file, workers);
    }

    /** Tells that the file holds a chunk. */
    void tell(KnownChunks chunks, int position) {
        Digest digest = digestOf(chunks, position);
        if (digest != null) {
            ChunkPlace place = new ChunkPlace(path, chunks.index().start(position));
            store.add(DedupStore.chunkId(algorithm, digest), place);
        }
    }

    private static @Nullable Digest digestOf(KnownChunks chunks, int position) {
        return chunks.checks().digestOf(chunks.index().indexInBlob(position));
    }

    /**
     * Copies those chunks of a flight that other blobs have.
     *
     * @param taken is told of each chunk that was written
     * @return how many were
     */
    int take(KnownChunks chunks, Flight flight, IntConsumer taken) throws IOException {
        int count = 0;
        Map<String, Source> sources = new HashMap<>();
        DecodeWorker worker = workers.take();
        try (var _ = NativeBuffers.LOCAL.reserve(chunks.index().unitPlainSize(flight.first()))) {
            for (int position = flight.first(); position <= flight.last(); position++) {
                if (flight.claims(position) && take(chunks, position, worker, sources)) {
                    taken.accept(position);
                    count++;
                }
            }
        } finally {
            workers.giveBack(worker);
            sources.values().forEach(Source::close);
        }
        return count;
    }

    private boolean take(KnownChunks chunks, int position, DecodeWorker worker, Map<String, Source> sources) {
        Digest digest = digestOf(chunks, position);
        if (digest == null) {
            return false;
        }
        String chunkId = DedupStore.chunkId(algorithm, digest);
        for (ChunkPlace place : store.find(chunkId, path)) {
            try {
                Source source = sources.computeIfAbsent(place.file(), name -> Source.open(name, device));
                MemorySegment plain = read(source, place.offset(), chunks, position, worker);
                if (plain != null) {
                    // A file of plain bytes wants no others.
                    file.write(chunks.index(), position, plain, plain);
                    return true;
                }
                store.forget(chunkId, place.file());
            } catch (IOException e) {
                LOGGER.log(Level.DEBUG, "Cannot copy a chunk from " + place, e);
            }
        }
        return false;
    }

    /** Returns the chunk's right bytes; null if they are not there. */
    private static @Nullable MemorySegment read(
            Source source, long offset, KnownChunks chunks, int position, DecodeWorker worker) throws IOException {
        int length = chunks.index().length(position);
        if (source.channel == null || offset < 0 || offset > source.size - length) {
            return null;
        }
        MemorySegment plain = worker.plain(length);
        ChunkFiles.read(source.channel, offset, plain.asByteBuffer());
        try {
            worker.check(chunks.checks(), chunks.index().indexInBlob(position), plain);
            return plain;
        } catch (BlobDigestException e) {
            LOGGER.log(Level.DEBUG, "A cache file does not hold the chunk that it should", e);
            return null;
        }
    }

    /** Says that the blob is closed, and that cache files may be gone by now. */
    void end() {
        store.forgetMissingFiles();
    }

    /** A file that chunks are taken from; without a channel if it cannot be one. */
    private record Source(@Nullable FileChannel channel, long size) {
        private static final Source NONE = new Source(null, 0);

        static Source open(String path, long device) {
            if (!path.endsWith(PlainChunkFile.SUFFIX)) {
                return NONE;
            }
            try (Descriptor descriptor = PosixFiles.open(
                    Descriptor.WORKING_DIRECTORY,
                    path.getBytes(StandardCharsets.UTF_8),
                    OpenFlags.READ_ONLY | OpenFlags.NO_FOLLOW | OpenFlags.NON_BLOCKING,
                    0)) {
                FileStatus status = descriptor.status();
                if (status.isRegular() && status.dev() == device) {
                    return new Source(FileChannel.open(descriptor.procPath(), StandardOpenOption.READ), status.size());
                }
            } catch (IOException e) {
                LOGGER.log(Level.DEBUG, "Cannot take chunks from " + path, e);
            }
            return NONE;
        }

        void close() {
            if (channel != null) {
                ChunkFiles.close(channel);
            }
        }
    }
}
