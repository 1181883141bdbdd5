package io.nydus4j.build.write;

import io.nydus4j.blob.BlobInfo;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The blobs of an image being built, in the order of their indexes: those of its parent, and then, as chunks of them are first met, those
 * of a dictionary and the one being written. Mirrors the part of the reference's {@code BlobManager} that gives indexes. Not safe for use
 * by several threads.
 */
public final class BlobTable {
    /** Indexes are bytes in v6. */
    private static final int MOST_BLOBS = 256;

    private static final int NONE = -1;

    /** Empty at the place of the blob being written. */
    private final List<Optional<BlobInfo>> blobs = new ArrayList<>();

    private final Map<Integer, Integer> dictionaryIndexes = new HashMap<>();
    private int newIndex = NONE;

    /** Starts with the blobs of the parent image, which keep their indexes. */
    public BlobTable(List<BlobInfo> parent) {
        parent.forEach(blob -> blobs.add(Optional.of(blob)));
    }

    /**
     * Returns the index of a dictionary's blob in the image; the first time it is appended.
     *
     * @param dictionaryIndex index in the dictionary
     * @param blob            the blob as the image will list it
     * @throws IOException if there are too many blobs
     */
    public int indexOf(int dictionaryIndex, BlobInfo blob) throws IOException {
        Integer index = dictionaryIndexes.get(dictionaryIndex);
        if (index == null) {
            index = append(Optional.of(blob));
            dictionaryIndexes.put(dictionaryIndex, index);
        }
        return index;
    }

    /**
     * Returns the index of the blob being written; the first time a place for it is appended.
     *
     * @throws IOException if there are too many blobs
     */
    public int newBlobIndex() throws IOException {
        if (newIndex == NONE) {
            newIndex = append(Optional.empty());
        }
        return newIndex;
    }

    private int append(Optional<BlobInfo> blob) throws IOException {
        if (blobs.size() >= MOST_BLOBS) {
            throw new IOException("too many blobs");
        }
        blobs.add(blob);
        return blobs.size() - 1;
    }

    /**
     * Returns all blobs, each with its index.
     *
     * @param newBlob the blob that was written; needed if it has chunks
     */
    public List<BlobInfo> blobs(Optional<BlobInfo> newBlob) {
        List<BlobInfo> all = new ArrayList<>(blobs.size());
        for (Optional<BlobInfo> blob : blobs) {
            BlobInfo info = blob.or(() -> newBlob).orElseThrow();
            all.add(info.toBuilder().index(all.size()).build());
        }
        return all;
    }
}
