package io.nydus4j.build.source;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.rafs.RafsVersion;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The number of chunks of a file. */
final class SourceRulesTest {
    @ParameterizedTest
    @CsvSource({
        "0, 4096, 0",
        "1, 4096, 1",
        "4096, 4096, 1",
        "4097, 4096, 2",
        "4294967296, 1048576, 4096",
        "4294967297, 1048576, 4097",
        "5000000000, 4096, 1220704",
        "8796093022208, 4096, -1",
        "9223372036854775807, 16777216, -1"
    })
    void chunksAreCountedUpToWhatAnArrayHolds(long size, int chunkSize, int count) {
        SourceRules rules = new SourceRules(RafsVersion.V6, chunkSize, true, 0, node -> true);
        assertThat(rules.chunkCount(size)).isEqualTo(count);
    }
}
