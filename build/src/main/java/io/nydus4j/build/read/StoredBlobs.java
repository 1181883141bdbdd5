package io.nydus4j.build.read;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.PositionalSource;
import io.nydus4j.blob.chunk.ChunkInfoLoader;
import io.nydus4j.blob.chunk.ChunkInfoTable;
import io.nydus4j.storage.BlobBackend;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** The stored blobs of an image, by blob index, with the chunk information of those that cannot be read without. Immutable. */
public final class StoredBlobs {
    /**
     * One blob.
     *
     * @param info  what the image knows of it
     * @param data  the stored bytes
     * @param table its chunk information, if chunks are compressed together
     */
    record StoredBlob(BlobInfo info, PositionalSource data, Optional<ChunkInfoTable> table) {}

    private final List<StoredBlob> blobs;

    private StoredBlobs(List<StoredBlob> blobs) {
        this.blobs = List.copyOf(blobs);
    }

    /**
     * Opens the blobs of an image. May block on the network.
     *
     * @param backend closed by the caller, when these blobs are not used any more
     * @throws IOException if one cannot be opened, or its chunk information is broken
     */
    public static StoredBlobs open(List<BlobInfo> infos, BlobBackend backend) throws IOException {
        return open(infos, backend, infos.stream().map(BlobInfo::index).toList());
    }

    /**
     * Opens some of the blobs of an image, see {@link #open(List, BlobBackend)}; chunks of the others cannot be read.
     *
     * @param wanted indexes of the blobs to open
     */
    public static StoredBlobs open(List<BlobInfo> infos, BlobBackend backend, Collection<Integer> wanted)
            throws IOException {
        List<StoredBlob> blobs = new ArrayList<>();
        for (BlobInfo info : infos) {
            if (!wanted.contains(info.index())) {
                blobs.add(new StoredBlob(
                        info, PositionalSource.of(MemorySegment.ofArray(new byte[0])), Optional.empty()));
                continue;
            }
            PositionalSource data = backend.open(info.effectiveId());
            Optional<ChunkInfoTable> table = Optional.empty();
            if (info.features().hasAny(BlobFeatures.BATCH | BlobFeatures.ZRAN)) {
                boolean separate = info.features().has(BlobFeatures.SEPARATE);
                table = Optional.of(ChunkInfoLoader.load(info, separate ? backend.open(info.metaId()) : data));
            }
            blobs.add(new StoredBlob(info, data, table));
        }
        return new StoredBlobs(blobs);
    }

    int size() {
        return blobs.size();
    }

    StoredBlob get(int blobIndex) {
        return blobs.get(blobIndex);
    }
}
