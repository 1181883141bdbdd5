package io.nydus4j.build.write;

import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.build.source.FileReader;
import io.nydus4j.build.source.Source;
import io.nydus4j.rafs.tree.ImageTree;
import io.nydus4j.rafs.tree.Node;
import io.nydus4j.rafs.tree.SourceId;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.LongConsumer;

/** Files in memory, in an order, which can be read as a source's or as a stream. */
final class MemoryFiles implements Source {
    private final Node root = Node.root(0040755, new SourceId(0, 1, SourceId.NO_DEVICE));
    private final List<Node> files = new ArrayList<>();
    private final Map<Node, byte[]> data = new HashMap<>();

    /** Makes many small and some large files, with contents that repeat. */
    static MemoryFiles random(long seed, int chunkSize) {
        Random random = new Random(seed);
        byte[] pool = new byte[4 * chunkSize];
        random.nextBytes(pool);
        for (int i = 0; i < pool.length; i += 3) {
            pool[i] = 0;
        }
        MemoryFiles files = new MemoryFiles();
        for (int i = 0; i < 700; i++) {
            int length = switch (i % 10) {
                case 0 -> 0;
                case 1, 2 -> chunkSize * random.nextInt(4);
                case 3 -> random.nextInt(10 * chunkSize);
                default -> random.nextInt(chunkSize / 2);
            };
            byte[] content = new byte[length];
            int start = random.nextInt(4) == 0 ? 0 : random.nextInt(pool.length);
            for (int at = 0; at < length; at++) {
                content[at] = pool[(start + at) % pool.length];
            }
            files.add("file-" + i, content);
        }
        return files;
    }

    /** Appends a file. */
    Node add(String name, byte[] content) {
        Node node = new Node(
                name.getBytes(StandardCharsets.UTF_8), 0100644, new SourceId(0, files.size() + 2L, SourceId.NO_DEVICE));
        node.setSize(content.length);
        root.put(node);
        files.add(node);
        data.put(node, content);
        return node;
    }

    List<Node> files() {
        return files;
    }

    /** Gives each file an empty array of chunks, as a source that is read in any order does. */
    void reserveChunks(int chunkSize) {
        for (Node file : files) {
            file.setChunks(new ChunkRecord[Math.ceilDiv((int) file.size(), chunkSize)]);
        }
    }

    byte[] data(Node file) {
        return Objects.requireNonNull(data.get(file));
    }

    /** Returns the data of a file as a stream that gives at most {@code most} bytes at once. */
    FileData stream(Node file, int most) {
        return stream(data(file), most);
    }

    /** Returns bytes as a stream that gives at most {@code most} bytes at once. */
    static FileData stream(byte[] bytes, int most) {
        MemorySegment all = MemorySegment.ofArray(bytes);
        int[] position = {0};
        return target -> {
            int length = (int) Math.min(Math.min(most, target.byteSize()), bytes.length - position[0]);
            if (length == 0) {
                return -1;
            }
            MemorySegment.copy(all, position[0], target, 0, length);
            position[0] += length;
            return length;
        };
    }

    @Override
    public FileReader openReader() {
        return new FileReader() {
            @Override
            public void read(Node file, long offset, MemorySegment target) {
                MemorySegment.copy(MemorySegment.ofArray(data(file)), offset, target, 0, target.byteSize());
            }

            @Override
            public void close() {}
        };
    }

    @Override
    public ImageTree readTree(int threads, LongConsumer progress) {
        return new ImageTree(root);
    }

    @Override
    public long namesSeen() {
        return files.size();
    }

    @Override
    public void close() {}
}
