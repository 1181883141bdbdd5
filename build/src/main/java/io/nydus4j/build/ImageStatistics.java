package io.nydus4j.build;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.Digest;
import io.nydus4j.rafs.tree.ImageTree;
import io.nydus4j.rafs.tree.Node;
import io.nydus4j.rafs.tree.SourceId;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What one or several images are made of. Mirrors {@code ImageInfo} of the reference's {@code stat}. Not safe for use by several threads
 * while it is filled.
 */
public final class ImageStatistics {
    /** Largest number of bits of a file size that has a count of its own. */
    private static final int MOST_SIZE_BITS = 44;
    /** Bits of the smallest chunk size that is tried. */
    private static final int LEAST_CHUNK_BITS = 12;

    private static final int MOST_CHUNK_BITS = 20;
    private static final long PAGE = 4096;

    private final Map<String, Long> counts = new LinkedHashMap<>();
    private final long[] chunkSizes = new long[MOST_CHUNK_BITS - LEAST_CHUNK_BITS + 1];
    private final long[] fileSizes = new long[MOST_SIZE_BITS + 1];

    ImageStatistics() {
        for (Count count : Count.values()) {
            counts.put(count.key, 0L);
        }
    }

    /** What is counted, in the order and under the names of the result file. */
    public enum Count {
        /** Directories. */
        DIRECTORIES("dirs"),
        /** Names of regular files. */
        FILES("files"),
        /** Symbolic links. */
        SYMLINKS("symlinks"),
        /** Chunks of all files. */
        CHUNKS("chunks"),
        /** Bytes of all files. */
        FILE_SIZE("file_size"),
        /** Stored bytes of all files' chunks. */
        COMPRESSED_SIZE("comp_size"),
        /** Plain bytes of all files' chunks, and the padding. */
        UNCOMPRESSED_SIZE("uncomp_size"),
        /** Bytes from the ends of files to the next multiple of 4096. */
        PADDING_SIZE("padding_size"),
        /** Distinct chunks of all base images. */
        DEDUP_CHUNKS("dedup_chunks"),
        /** Their stored bytes. */
        DEDUP_COMPRESSED_SIZE("dedup_comp_size"),
        /** Their plain bytes. */
        DEDUP_UNCOMPRESSED_SIZE("dedup_uncomp_size"),
        /** Distinct chunks of each image; of a target those that no base image has. */
        OWN_CHUNKS("own_chunks"),
        /** Their stored bytes. */
        OWN_COMPRESSED_SIZE("own_comp_size"),
        /** Their plain bytes. */
        OWN_UNCOMPRESSED_SIZE("own_uncomp_size"),
        /** Distinct chunks of a target that a base image has. */
        REFERENCED_CHUNKS("ref_chunks"),
        /** Their stored bytes. */
        REFERENCED_COMPRESSED_SIZE("ref_comp_size"),
        /** Their plain bytes. */
        REFERENCED_UNCOMPRESSED_SIZE("ref_uncomp_size");

        private final String key;

        Count(String key) {
            this.key = key;
        }
    }

    /** Returns what was counted. */
    public long count(Count count) {
        return counts.getOrDefault(count.key, 0L);
    }

    /** Returns the number of files whose size has 0, 1, 2 … 44 or more bits. */
    public List<Long> fileSizes() {
        return Arrays.stream(fileSizes).boxed().toList();
    }

    /** Returns the number of chunks there would be if chunks had 2^12, 2^13 … 2^20 bytes. */
    public List<Long> chunkSizes() {
        return Arrays.stream(chunkSizes).boxed().toList();
    }

    private void add(Count count, long number) {
        counts.merge(count.key, number, Long::sum);
    }

    /**
     * Counts an image.
     *
     * @return its distinct chunks by digest, each as the first file in numbering order has it
     */
    Map<Digest, ChunkRecord> add(ImageTree tree, List<BlobInfo> blobs) {
        Map<Digest, ChunkRecord> distinct = new HashMap<>();
        Set<SourceId> seen = new HashSet<>();
        tree.number();
        tree.nodes().forEach(node -> {
            if (node.isDirectory()) {
                add(Count.DIRECTORIES, 1);
            } else if (node.isSymlink()) {
                add(Count.SYMLINKS, 1);
            } else if (node.isRegular()) {
                add(Count.FILES, 1);
                if (seen.add(node.sourceId())) {
                    addFile(node);
                    for (ChunkRecord chunk : node.chunks()) {
                        if (chunk.blobIndex() >= 0 && chunk.blobIndex() < blobs.size()) {
                            distinct.putIfAbsent(chunk.digest(), chunk);
                        }
                    }
                }
            }
        });
        return distinct;
    }

    private void addFile(Node node) {
        long size = node.size();
        fileSizes[Math.min(Long.SIZE - Long.numberOfLeadingZeros(size), MOST_SIZE_BITS)]++;
        add(Count.FILE_SIZE, size);
        add(Count.PADDING_SIZE, Math.ceilDiv(size, PAGE) * PAGE - size);
        add(Count.CHUNKS, node.chunks().length);
        for (ChunkRecord chunk : node.chunks()) {
            add(Count.COMPRESSED_SIZE, Integer.toUnsignedLong(chunk.compressedSize()));
            add(Count.UNCOMPRESSED_SIZE, Integer.toUnsignedLong(chunk.uncompressedSize()));
        }
        for (int bits = LEAST_CHUNK_BITS; bits <= MOST_CHUNK_BITS; bits++) {
            chunkSizes[bits - LEAST_CHUNK_BITS] += Math.ceilDiv(size, 1L << bits);
        }
    }

    /** Counts a distinct chunk of the image itself. */
    void addOwn(ChunkRecord chunk) {
        addChunk(chunk, Count.OWN_CHUNKS, Count.OWN_COMPRESSED_SIZE, Count.OWN_UNCOMPRESSED_SIZE);
    }

    /** Counts a distinct chunk that a base image has. */
    void addReferenced(ChunkRecord chunk) {
        addChunk(chunk, Count.REFERENCED_CHUNKS, Count.REFERENCED_COMPRESSED_SIZE, Count.REFERENCED_UNCOMPRESSED_SIZE);
    }

    /** Counts a distinct chunk of all base images. */
    void addDistinct(ChunkRecord chunk) {
        addChunk(chunk, Count.DEDUP_CHUNKS, Count.DEDUP_COMPRESSED_SIZE, Count.DEDUP_UNCOMPRESSED_SIZE);
    }

    private void addChunk(ChunkRecord chunk, Count number, Count stored, Count plain) {
        add(number, 1);
        add(stored, Integer.toUnsignedLong(chunk.compressedSize()));
        add(plain, Integer.toUnsignedLong(chunk.uncompressedSize()));
    }

    /** Ends the counting: padding is part of the plain size. */
    void addPaddingToPlainSize() {
        add(Count.UNCOMPRESSED_SIZE, count(Count.PADDING_SIZE));
    }

    /** Returns all numbers under the names of the result file. */
    Map<String, Object> toFields() {
        Map<String, Object> fields = new LinkedHashMap<>();
        counts.forEach((key, number) -> {
            if (key.equals(Count.DEDUP_CHUNKS.key)) {
                fields.put("chunk_sizes", chunkSizes());
                fields.put("file_sizes", fileSizes());
            }
            fields.put(key, number);
        });
        return fields;
    }
}
