package io.nydus4j.storage.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.GoldenImage;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.storage.GoldenBlobs;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageChunksTest {
    /** What tells chunks of a blob apart. */
    private record Place(String digest, long offset) {
        static Set<Place> of(List<ChunkRecord> chunks) {
            Set<Place> places = new HashSet<>();
            chunks.forEach(chunk -> places.add(new Place(chunk.digest().toString(), chunk.uncompressedOffset())));
            return places;
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"merge-v6", "v6-zstd-4k"})
    void eachBlobHasTheChunksThatTheReferenceLists(String name) throws IOException {
        GoldenImage image = GoldenImage.read(name);
        try (Bootstrap bootstrap = GoldenBlobs.load(name);
                ImageChunks chunks = new ImageChunks(bootstrap)) {
            for (int i = 0; i < bootstrap.blobs().size(); i++) {
                int index = i;
                List<ChunkRecord> listed = image.chunks().stream()
                        .filter(chunk -> chunk.blobIndex() == index)
                        .toList();
                assertThat(listed).isNotEmpty();
                assertThat(Place.of(chunks.of(i))).isEqualTo(Place.of(listed));
            }
        }
    }
}
