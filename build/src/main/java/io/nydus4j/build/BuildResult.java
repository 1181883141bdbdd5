package io.nydus4j.build;

import io.nydus4j.blob.Compression;
import io.nydus4j.rafs.RafsVersion;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What a build made.
 *
 * @param bootstrap         the bootstrap's file; empty if it is inlined in the blob
 * @param blobs             ids of all data blobs in the order of the blob table
 * @param lastBlobSize      size of the last of them in bytes; 0 if there are none
 * @param externalBootstrap the bootstrap of external files; empty if none was written
 * @param externalBlobs     ids of the blobs of external files
 * @param version           format version
 * @param compression       how chunks are compressed
 * @param trace             what was counted and how long it took
 */
public record BuildResult(
        Optional<Path> bootstrap,
        List<String> blobs,
        long lastBlobSize,
        Optional<Path> externalBootstrap,
        List<String> externalBlobs,
        RafsVersion version,
        Compression compression,
        BuildTrace trace) {
    /**
     * Returns the text of the result file that {@code --output-json} asks for, indented by two spaces.
     *
     * @param toolVersion value of {@code version}, such as {@code "v2.4.4-0123abc"}
     */
    public String toJson(String toolVersion) {
        return new ResultJson(toolVersion, this).indented();
    }

    /** Returns this result with another trace. */
    BuildResult withTrace(BuildTrace newTrace) {
        return new BuildResult(
                bootstrap, blobs, lastBlobSize, externalBootstrap, externalBlobs, version, compression, newTrace);
    }
}
