package io.nydus4j.build;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.Compression;
import io.nydus4j.rafs.RafsVersion;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The text of result files. */
final class ResultJsonTest {
    @Test
    void resultOfABuildIsIndented() {
        BuildTrace trace = new BuildTrace(
                new TreeMap<>(Map.of("total_build", 0.5, "build_tree", 0.25)),
                new TreeMap<>(Map.of("euid", "0", "dedup_chunks", 3L)));
        BuildResult result = new BuildResult(
                Optional.of(Path.of("a \"b\"/boot")),
                List.of("one", "two"),
                7,
                Optional.empty(),
                List.of(),
                RafsVersion.V6,
                Compression.LZ4_BLOCK,
                trace);
        assertThat(result.toJson("v1-abc")).isEqualTo("""
                        {
                          "version": "v1-abc",
                          "bootstrap": "a \\"b\\"/boot",
                          "blobs": [
                            "one",
                            "two"
                          ],
                          "external_bootstrap": "",
                          "external_blobs": [],
                          "trace": {
                            "consumed_time": {
                              "build_tree": 0.25,
                              "total_build": 0.5
                            },
                            "registered_events": {
                              "dedup_chunks": 3,
                              "euid": "0"
                            }
                          },
                          "fs_version": "6",
                          "compressor": "lz4_block"
                        }""");
    }

    @Test
    void resultOfACheckIsOnOneLine() {
        BlobInfo blob = BlobInfo.builder().id("blob").build();
        CheckResult result = new CheckResult(
                Path.of("boot"),
                RafsVersion.V5,
                Compression.ZSTD,
                List.of(blob),
                1,
                0,
                0,
                new BuildTrace(new TreeMap<>(), new TreeMap<>()));
        assertThat(result.toJson("v1"))
                .isEqualTo(
                        "{\"version\":\"v1\",\"bootstrap\":\"boot\",\"blobs\":[\"blob\"],\"external_bootstrap\":\"\","
                                + "\"external_blobs\":[],\"trace\":{\"consumed_time\":{},\"registered_events\":{}},"
                                + "\"fs_version\":\"5\",\"compressor\":\"zstd\"}");
    }
}
