package io.nydus4j.storage.folder;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.PositionalSource;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.storage.BackendException;
import io.nydus4j.storage.BlobBackend;
import io.nydus4j.storage.CacheSurroundings;
import io.nydus4j.storage.LazyBlob;
import io.nydus4j.storage.Pin;
import io.nydus4j.storage.cache.ChunkMap;
import io.nydus4j.storage.config.CacheConfiguration;
import io.nydus4j.storage.config.FileCacheSettings;
import io.nydus4j.storage.config.PrefetchConfiguration;
import io.nydus4j.storage.config.StorageConfiguration;
import io.nydus4j.storage.device.BlobDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Compares what a cache holds of an image with the image's digests, as a reader would have it compared: chunks that are marked as being
 * there and are not right count as damaged. Nothing is fetched.
 */
public final class CacheCheck {
    private static final CacheSurroundings AS_GUEST = new CacheSurroundings(Optional.empty(), true);

    private CacheCheck() {}

    /**
     * What was found of one blob.
     *
     * @param blobId  id of the blob
     * @param checked chunks that are there and right
     * @param damaged chunks that are marked as being there and are not right
     * @param missing chunks that are not there
     */
    public record Result(String blobId, int checked, int damaged, int missing) {}

    /**
     * Checks the blobs of an image.
     *
     * @param folder     folder of the cache
     * @param compressed whether the cache keeps chunks as the backend has them
     * @return a result for each blob that the folder holds, by blob index
     * @throws IOException if the folder or the image cannot be read
     */
    public static List<Result> run(Bootstrap image, Path folder, boolean compressed) throws IOException {
        List<BlobInfo> infos = image.blobs();
        Map<Integer, List<ChunkRecord>> chunks = new HashMap<>();
        image.forEachChunk(chunk -> chunks.computeIfAbsent(chunk.blobIndex(), _ -> new ArrayList<>())
                .add(chunk));
        CacheConfiguration cache = new CacheConfiguration(
                "filecache",
                compressed,
                true,
                PrefetchConfiguration.ABSENT,
                Optional.of(FileCacheSettings.in(folder.toString())),
                Optional.empty());
        StorageConfiguration configuration = new StorageConfiguration(
                StorageConfiguration.VERSION,
                "",
                Optional.empty(),
                List.of(),
                Optional.of(cache),
                Optional.empty(),
                Optional.empty());
        Map<Integer, ChunkMap.Snapshot> maps = new HashMap<>();
        for (int i = 0; i < infos.size(); i++) {
            Path map = folder.resolve(
                    infos.get(i).effectiveId() + (compressed ? ".blob.raw" : ".blob.data") + ChunkMap.SUFFIX);
            if (Files.exists(map)) {
                maps.put(i, ChunkMap.read(map));
            }
        }
        List<Result> results = new ArrayList<>();
        try (BlobDevice device = BlobDevice.open(image, configuration, new NoBackend(), AS_GUEST)) {
            for (Map.Entry<Integer, ChunkMap.Snapshot> map : maps.entrySet()) {
                LazyBlob blob = device.blob(map.getKey());
                results.add(check(blob, map.getValue(), chunks.getOrDefault(map.getKey(), List.of())));
            }
        }
        return results;
    }

    private static Result check(LazyBlob blob, ChunkMap.Snapshot map, List<ChunkRecord> chunks) {
        int checked = 0;
        int damaged = 0;
        int missing = 0;
        for (ChunkRecord chunk : chunks) {
            if (!map.complete() && !map.ready().get(chunk.index())) {
                missing++;
                continue;
            }
            try (Pin _ = blob.ensure(chunk.uncompressedOffset(), Integer.toUnsignedLong(chunk.uncompressedSize()))) {
                checked++;
            } catch (IOException e) {
                damaged++;
            }
        }
        return new Result(blob.info().effectiveId(), checked, damaged, missing);
    }

    /** Has nothing, so that what is not in the cache cannot be had. */
    private static final class NoBackend implements BlobBackend {
        @Override
        public String description() {
            return "no backend";
        }

        @Override
        public PositionalSource open(String blobId) {
            return new Nothing(blobId);
        }

        @Override
        public void close() {}
    }

    /** A blob that cannot be had. */
    private record Nothing(String blobId) implements PositionalSource {
        @Override
        public long size() throws BackendException {
            throw refusal();
        }

        @Override
        public int readAt(long position, ByteBuffer target) throws BackendException {
            throw refusal();
        }

        private BackendException refusal() {
            return new BackendException("no backend", "blob " + blobId, "only the cache is looked at", false);
        }
    }
}
