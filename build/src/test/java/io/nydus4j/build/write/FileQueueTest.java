package io.nydus4j.build.write;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.rafs.FileMode;
import io.nydus4j.rafs.tree.ImageTree;
import io.nydus4j.rafs.tree.Node;
import io.nydus4j.rafs.tree.SourceId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class FileQueueTest {
    private static final int CHUNK = 0x1000;

    private static Node file(String name, int size) {
        Node node = new Node(name.getBytes(StandardCharsets.UTF_8), FileMode.REGULAR | 0644, new SourceId(0, 7, 1));
        node.setSize(size);
        node.setChunks(new ChunkRecord[Math.ceilDiv(size, CHUNK)]);
        return node;
    }

    @ParameterizedTest
    @CsvSource({"1, 2", "2, 1", "0, 1", "1, 0", "4096, 4097"})
    void refusesFileThatChangedBetweenItsNames(int first, int second) {
        Node root = Node.root(FileMode.DIRECTORY | 0755, new SourceId(0, 1, 1));
        root.put(file("a", first));
        root.put(file("b", second));
        ImageTree tree = new ImageTree(root);
        tree.number();
        assertThatThrownBy(() -> new FileQueue(CHUNK).add(List.of(), tree.nodes()))
                .isInstanceOf(IOException.class)
                .hasMessage("\"/b\": its size changed during the build");
    }
}
