package io.nydus4j.storage.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.GoldenImage;
import io.nydus4j.blob.RafsFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ChunkMapTest {
    @TempDir
    Path folder;

    private Path file() {
        return folder.resolve("x.blob.data.chunk_map");
    }

    private static byte[] recorded(String name) throws IOException {
        return Files.readAllBytes(
                GoldenImage.root().resolve("../cache/v6-zstd-4k").resolve(name));
    }

    @Test
    void newMapIsTheReferencesNewMap() throws IOException {
        ChunkMap.open(file(), 384).close();
        assertThat(Files.readAllBytes(file())).isEqualTo(recorded("0-fresh.chunk_map"));
    }

    @ParameterizedTest
    @CsvSource({
        "1-text-513.chunk_map, 321, 383",
        "2-then-zeros-50000.chunk_map, 281, 383",
        "only-dup-three.chunk_map, 4, 301",
        "only-mixed-200000.chunk_map, 254, 330"
    })
    void bitsAreTheReferences(String name, int first, int last) throws IOException {
        try (ChunkMap map = ChunkMap.open(file(), 384)) {
            for (int i = first; i <= last; i++) {
                map.set(i);
            }
        }
        assertThat(Files.readAllBytes(file())).isEqualTo(recorded(name));
        Files.write(file(), recorded(name));
        try (ChunkMap map = ChunkMap.open(file(), 384)) {
            for (int i = 0; i < 384; i++) {
                assertThat(map.isSet(i)).as("chunk " + i).isEqualTo(i >= first && i <= last);
            }
            assertThat(map.isFull()).isFalse();
        }
    }

    @Test
    void completeMapIsTheReferences() throws IOException {
        Files.write(file(), recorded("3-then-all.chunk_map"));
        try (ChunkMap map = ChunkMap.open(file(), 384)) {
            assertThat(map.isFull()).isTrue();
            assertThat(map.isComplete()).isFalse();
            map.complete();
            assertThat(map.isComplete()).isTrue();
        }
        assertThat(Files.readAllBytes(file())).isEqualTo(recorded("4-reopened.chunk_map"));
    }

    @Test
    void allReadyCountsForEveryChunkUntilOneIsCleared() throws IOException {
        byte[] bytes = recorded("0-fresh.chunk_map");
        System.arraycopy(recorded("4-reopened.chunk_map"), 12, bytes, 12, 4);
        Files.write(file(), bytes);
        try (ChunkMap map = ChunkMap.open(file(), 384)) {
            assertThat(map.isSet(100)).isTrue();
            map.clear(7);
            assertThat(map.isSet(100)).isFalse();
            assertThat(map.isComplete()).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 8, 9, 31, 32, 33, 65, 384, 100_003})
    void everyBitIsItsOwn(int count) throws IOException {
        try (ChunkMap map = ChunkMap.open(file(), count)) {
            for (int i = 0; i < count; i += 3) {
                map.set(i);
            }
            map.clear(0);
            for (int i = 0; i < count; i++) {
                assertThat(map.isSet(i)).as("chunk " + i).isEqualTo(i > 0 && i % 3 == 0);
            }
        }
        byte[] bytes = Files.readAllBytes(file());
        assertThat(bytes).hasSize(4096 + (count + 7) / 8);
        for (int i = 0; i < count; i++) {
            assertThat((bytes[4096 + i / 8] & 0x80 >> (i & 7)) != 0)
                    .as("chunk " + i)
                    .isEqualTo(i > 0 && i % 3 == 0);
        }
    }

    @Test
    void bitsSetAtOnceAreAllKept() throws Exception {
        int count = 4096;
        try (ChunkMap one = ChunkMap.open(file(), count);
                ChunkMap other = ChunkMap.open(file(), count);
                ExecutorService threads = Executors.newFixedThreadPool(8)) {
            List<Future<?>> done = new ArrayList<>();
            for (int t = 0; t < 8; t++) {
                int start = t;
                done.add(threads.submit(() -> {
                    for (int i = start; i < count; i += 8) {
                        (start % 2 == 0 ? one : other).set(i);
                    }
                }));
            }
            for (Future<?> future : done) {
                future.get();
            }
            assertThat(one.isFull()).isTrue();
        }
    }

    @Test
    void mapOfZerosIsTakenAsNew() throws IOException {
        Files.write(file(), new byte[4096 + 48]);
        ChunkMap.open(file(), 384).close();
        assertThat(Files.readAllBytes(file())).isEqualTo(recorded("0-fresh.chunk_map"));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 8, 4})
    void wrongHeaderIsRefused(int offset) throws IOException {
        byte[] bytes = recorded("1-text-513.chunk_map");
        bytes[offset] ^= 0x40;
        Files.write(file(), bytes);
        if (offset == 4) {
            // A later version with both magics is read as this one.
            ChunkMap.open(file(), 384).close();
        } else {
            assertThatThrownBy(() -> ChunkMap.open(file(), 384)).isInstanceOf(RafsFormatException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 376, 393, 100_000})
    void mapOfAnotherBlobIsRefused(int count) throws IOException {
        Files.write(file(), recorded("1-text-513.chunk_map"));
        assertThatThrownBy(() -> ChunkMap.open(file(), count))
                .isInstanceOf(RafsFormatException.class)
                .hasMessageContaining("4144");
    }
}
