package io.nydus4j.build.chunkdict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChunkDatabaseTest {
    @TempDir
    Path directory;

    @Test
    void refusesPathsThatTheDriverWouldTakeForOthers() throws Exception {
        String file = directory.resolve("a?b").toString();
        assertThatThrownBy(() -> ChunkDatabase.open(file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("question mark");
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files).isEmpty();
        }
    }
}
