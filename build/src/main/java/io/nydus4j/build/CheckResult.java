package io.nydus4j.build;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.Compression;
import io.nydus4j.rafs.BootstrapListing;
import io.nydus4j.rafs.RafsVersion;
import java.nio.file.Path;
import java.util.List;

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
 * @param trace          how long it took to read the metadata
 */
public record CheckResult(
        Path bootstrap,
        RafsVersion version,
        Compression compression,
        List<BlobInfo> blobs,
        long inodes,
        long verifiedChunks,
        long verifiedBytes,
        BuildTrace trace) {
    /** Returns the lines that {@code nydus-image check} prints for a sound image, each with its newline. */
    public String summary() {
        StringBuilder text = new StringBuilder();
        BootstrapListing.blobs(blobs, line -> text.append(line).append('\n'));
        return text.toString();
    }

    /**
     * Returns the text of the result file that {@code --output-json} asks for, on one line.
     *
     * @param toolVersion value of {@code version}
     */
    public String toJson(String toolVersion) {
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
