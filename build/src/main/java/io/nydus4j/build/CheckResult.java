package io.nydus4j.build;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.Compression;
import io.nydus4j.rafs.RafsVersion;
import java.nio.file.Path;
import java.util.List;
import java.util.StringJoiner;
import java.util.TreeMap;

/**
 * What {@link CheckImage} found: a sound image.
 *
 * @param bootstrap      the metadata's file as given
 * @param version        format version
 * @param compression    how chunks are compressed
 * @param blobs          the blobs by index
 * @param inodes         names seen, the root included
 * @param verifiedChunks chunks whose data was read and verified; 0 if that was not asked for
 * @param verifiedBytes  their plain size in bytes
 */
public record CheckResult(
        Path bootstrap,
        RafsVersion version,
        Compression compression,
        List<BlobInfo> blobs,
        long inodes,
        long verifiedChunks,
        long verifiedBytes) {
    private static final int[] SHOWN_FEATURES = {
        BlobFeatures.ALIGNED,
        BlobFeatures.BATCH,
        BlobFeatures.CAP_TAR_TOC,
        BlobFeatures.INLINED_CHUNK_DIGEST,
        BlobFeatures.CHUNK_INFO_V2,
        BlobFeatures.INLINED_FS_META,
        BlobFeatures.SEPARATE,
        BlobFeatures.HAS_TAR_HEADER,
        BlobFeatures.HAS_TOC,
        BlobFeatures.ZRAN,
        BlobFeatures.ENCRYPTED,
        BlobFeatures.IS_CHUNKDICT_GENERATED
    };
    private static final String[] FEATURE_WORDS = {
        "aligned",
        "batch",
        "cap_toc",
        "chunk-digest",
        "chunk-v2",
        "fs-meta",
        "separate",
        "tar-header",
        "toc",
        "zran",
        "encrypted",
        "is-chunkdict-generated"
    };

    /** Returns the lines that {@code nydus-image check} prints for a sound image, each with its newline. */
    public String summary() {
        StringBuilder text = new StringBuilder("RAFS filesystem metadata is valid, referenced data blobs: \n");
        for (int i = 0; i < blobs.size(); i++) {
            BlobInfo blob = blobs.get(i);
            text.append("\t ").append(i).append(": ").append(blob.effectiveId());
            text.append(", compressed size ").append(blob.compressedSize());
            text.append(", uncompressed size ").append(blob.uncompressedSize());
            text.append(", chunk size: ").append(blob.chunkSize());
            text.append(", chunk count: ").append(blob.chunkCount());
            text.append(", features: ").append(featureWords(blob.features())).append('\n');
        }
        return text.toString();
    }

    private static String featureWords(BlobFeatures features) {
        StringJoiner words = new StringJoiner(" ");
        for (int i = 0; i < SHOWN_FEATURES.length; i++) {
            if (features.has(SHOWN_FEATURES[i])) {
                words.add(FEATURE_WORDS[i]);
            }
        }
        return words.toString();
    }

    /**
     * Returns the text of the result file that {@code --output-json} asks for, on one line.
     *
     * @param toolVersion value of {@code version}
     */
    public String toJson(String toolVersion) {
        BuildTrace trace = new BuildTrace(new TreeMap<>(), new TreeMap<>());
        List<String> ids = blobs.stream().map(BlobInfo::effectiveId).toList();
        return new ResultJson(
                        toolVersion,
                        bootstrap.toString(),
                        ids,
                        "",
                        List.of(),
                        trace,
                        version.text(),
                        compression.text())
                .compact();
    }
}
