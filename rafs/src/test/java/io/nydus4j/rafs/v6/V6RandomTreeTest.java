package io.nydus4j.rafs.v6;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.rafs.BootstrapListing;
import io.nydus4j.rafs.Inode;
import io.nydus4j.rafs.tree.ImageTree;
import io.nydus4j.rafs.tree.Node;
import io.nydus4j.rafs.tree.TreeLoader;
import io.nydus4j.rafs.tree.Xattr;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is written is what is read. */
final class V6RandomTreeTest {
    @ParameterizedTest
    @CsvSource({
        "1, 10, false",
        "2, 300, false",
        "3, 1000, false",
        "4, 3000, false",
        "5, 2, false",
        "6, 0, false",
        "7, 10, true",
        "8, 300, true",
        "9, 1000, true",
        "10, 3000, true"
    })
    void everyNodeIsFoundWithAllThatItHas(long seed, int names, boolean tarfs) throws IOException {
        RandomTree random = new RandomTree(seed, names, tarfs, false);
        V6Bootstrap image = GoldenV6.open(random.write());
        assertThat(image.superblock().inodesCount())
                .isEqualTo(random.tree.nodes().size());
        assertThat(image.prefetchTable()).containsExactly(image.rootIno());
        List<Inode> inodes = new ArrayList<>();
        for (Node node : random.tree.nodes()) {
            Node parent = node.parent();
            Inode inode = parent == null
                    ? image.root()
                    : inodes.get(parent.index() - 1).child(node.name());
            assertThat(inode).as("seed %s, %s", seed, node).isNotNull();
            inodes.add(Objects.requireNonNull(inode));
            assertSame(seed, node, inodes.getLast(), random);
            if (parent != null) {
                assertAbsent(inodes.get(parent.index() - 1), parent, node, random);
            }
        }
    }

    private static void assertSame(long seed, Node node, Inode inode, RandomTree random) throws IOException {
        String what = "seed " + seed + ", " + node;
        assertThat(inode.mode()).as(what).isEqualTo(node.mode());
        assertThat(inode.uid()).as(what).isEqualTo(node.uid());
        assertThat(inode.gid()).as(what).isEqualTo(node.gid());
        assertThat(inode.rdev()).as(what).isEqualTo(node.rdev());
        assertThat(inode.linkCount()).as(what).isEqualTo(node.linkCount());
        assertThat(inode.mtimeSeconds()).as(what).isEqualTo(node.mtimeSeconds());
        assertThat(inode.mtimeNanos()).as(what).isEqualTo(node.mtimeNanos());
        List<Xattr> xattrs = new ArrayList<>();
        inode.forEachXattr((name, value) -> xattrs.add(new Xattr(name, value)));
        assertThat(xattrs).as(what).isEqualTo(node.xattrs());
        assertThat(inode.hasXattrs()).as(what).isEqualTo(!xattrs.isEmpty());
        for (Xattr xattr : xattrs) {
            assertThat(inode.xattr(xattr.name())).as(what).isEqualTo(xattr.value());
        }
        assertThat(inode.xattr(new byte[] {'u', 's', 'e', 'r', '.'})).as(what).isNull();
        if (node.isDirectory()) {
            assertThat(inode.childCount()).as(what).isEqualTo(node.children().size());
            assertThat(Objects.requireNonNull(inode.child(new byte[] {'.'})).ino())
                    .isEqualTo(inode.ino());
        } else {
            assertThat(inode.size()).as(what).isEqualTo(node.size());
        }
        if (node.isSymlink()) {
            assertThat(inode.symlinkTarget()).as(what).isEqualTo(node.symlinkTarget());
        }
        assertThat(inode.chunkCount()).as(what).isEqualTo(node.chunks().length);
        for (int i = 0; i < inode.chunkCount(); i++) {
            assertChunk(what, node, inode, i, random);
        }
    }

    private static void assertChunk(String what, Node node, Inode inode, int i, RandomTree random) throws IOException {
        ChunkRecord expected = node.chunks()[i];
        assertThat(inode.chunkBlobIndex(i)).as(what).isEqualTo(expected.blobIndex());
        assertThat(inode.chunkBlobOffset(i)).as(what).isEqualTo(expected.uncompressedOffset());
        assertThat(inode.chunkLength(i)).as(what).isEqualTo(expected.uncompressedSize());
        assertThat(inode.chunkFileOffset(i)).as(what).isEqualTo((long) i * random.chunkSize);
        // A chunk of several files has the place that it has in the last one.
        assertThat(inode.chunk(i).atFileOffset(0)).as(what).isEqualTo(expected.atFileOffset(0));
    }

    private static void assertAbsent(Inode directory, Node parent, Node node, RandomTree random) throws IOException {
        byte[] near = node.name().clone();
        int place = random.random.nextInt(near.length);
        near[place]++;
        byte[] longer = Arrays.copyOf(node.name(), node.name().length + 1);
        longer[longer.length - 1] = 1;
        byte[] shorter = Arrays.copyOf(node.name(), node.name().length - 1);
        for (byte[] name : List.of(near, longer, shorter)) {
            boolean dots = Arrays.equals(name, new byte[] {'.'}) || Arrays.equals(name, new byte[] {'.', '.'});
            if (parent.child(name) == null && !dots) {
                assertThat(directory.child(name))
                        .as("%s beside %s", Arrays.toString(name), node)
                        .isNull();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"21, 500, false", "22, 500, true", "23, 2000, false", "24, 2000, true"})
    void treeLoadedAndWrittenAgainIsTheSame(long seed, int names, boolean tarfs) throws IOException {
        RandomTree random = new RandomTree(seed, names, tarfs, false);
        byte[] bytes = random.write();
        V6Bootstrap image = GoldenV6.open(bytes);
        new BootstrapListing(image).check();
        ImageTree tree = TreeLoader.load(image, 0);
        tree.number();
        if (tarfs) {
            for (Node node : tree.nodes()) {
                ChunkRecord[] chunks = node.chunks().clone();
                Arrays.setAll(chunks, i -> chunks[i].atFileOffset((long) i * random.chunkSize));
                node.setChunks(chunks);
            }
        }
        assertThat(GoldenV6.rewrite(image, tree)).as("seed %s", seed).isEqualTo(bytes);
    }
}
