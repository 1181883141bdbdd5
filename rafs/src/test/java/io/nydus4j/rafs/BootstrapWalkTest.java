package io.nydus4j.rafs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.v5.V5Bootstrap;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Walks small v5 images. */
final class BootstrapWalkTest {
    private static TestTree tree() {
        TestTree tree = new TestTree(4096);
        tree.file("/b/y", "1");
        tree.file("/b/x/z", "2");
        tree.file("/a", "3");
        tree.directory("/c");
        return tree;
    }

    private static List<String> walk(Bootstrap image, long ino, Optional<byte[]> parent, int most) throws IOException {
        List<String> paths = new ArrayList<>();
        BootstrapWalk.walkDirectory(image, ino, parent, (inode, walk) -> {
            paths.add(new String(walk.path(), StandardCharsets.UTF_8));
            return paths.size() < most;
        });
        return paths;
    }

    @Test
    void directoryComesBeforeItsChildrenInNameOrder() throws IOException {
        assertThat(walk(tree().openV5(), 1, Optional.empty(), 100))
                .containsExactly("/", "/a", "/b", "/b/x", "/b/x/z", "/b/y", "/c");
    }

    @Test
    void startCountsAsRootWithoutAParentPath() throws IOException {
        V5Bootstrap image = tree().openV5();
        long b = RafsPaths.inoFromPath(image, TestTree.bytes("/b")).orElseThrow();
        assertThat(walk(image, b, Optional.empty(), 100)).containsExactly("/", "/x", "/x/z", "/y");
        assertThat(walk(image, b, Optional.of(TestTree.bytes("/mnt")), 100))
                .containsExactly("/mnt/b", "/mnt/b/x", "/mnt/b/x/z", "/mnt/b/y");
    }

    @Test
    void visitorStopsTheWalk() throws IOException {
        assertThat(walk(tree().openV5(), 1, Optional.empty(), 3)).containsExactly("/", "/a", "/b");
    }

    @Test
    void errorOfTheVisitorStopsTheWalk() throws IOException {
        V5Bootstrap image = tree().openV5();
        IOException error = new IOException("enough");
        assertThatThrownBy(() -> BootstrapWalk.walkDirectory(image, 1, Optional.empty(), (inode, walk) -> {
                    throw error;
                }))
                .isSameAs(error);
    }

    @Test
    void fileIsNoDirectory() throws IOException {
        V5Bootstrap image = tree().openV5();
        long a = RafsPaths.inoFromPath(image, TestTree.bytes("/a")).orElseThrow();
        assertThatThrownBy(() -> walk(image, a, Optional.empty(), 100))
                .hasMessageContaining("inode " + a + " is not a directory");
    }

    /** Returns the image with the link count of one inode set to zero, which no reader accepts. */
    private static V5Bootstrap broken(String path) throws IOException {
        byte[] bytes = tree().v5();
        V5Bootstrap sound = V5Bootstrap.open(MemorySegment.ofArray(bytes), () -> {});
        long ino = RafsPaths.inoFromPath(sound, TestTree.bytes(path)).orElseThrow();
        MemorySegment file = MemorySegment.ofArray(bytes);
        file.set(ValueLayout.JAVA_INT_UNALIGNED, sound.inode(ino).recordOffset() + 88, 0);
        return V5Bootstrap.open(file, () -> {});
    }

    private static List<String> readable(Bootstrap image) throws RafsFormatException {
        List<String> paths = new ArrayList<>();
        BootstrapWalk.preOrderReadable(
                image, (inode, walk) -> paths.add(new String(walk.path(), StandardCharsets.UTF_8)));
        return paths;
    }

    @Test
    void brokenInodeEndsAWalkButNotAReadableOne() throws IOException {
        V5Bootstrap image = broken("/b/x/z");
        assertThatThrownBy(() -> walk(image, 1, Optional.empty(), 100)).isInstanceOf(RafsFormatException.class);
        assertThat(readable(image)).containsExactly("/", "/a", "/b", "/b/x", "/b/y", "/c");
        assertThat(readable(broken("/a"))).containsExactly("/", "/b", "/b/x", "/b/x/z", "/b/y", "/c");
        assertThat(readable(broken("/b"))).containsExactly("/", "/a", "/c");
        assertThat(readable(broken("/c"))).containsExactly("/", "/a", "/b", "/b/x", "/b/x/z", "/b/y");
    }

    @Test
    void brokenRootLeavesNothing() throws IOException {
        assertThat(readable(broken("/"))).isEmpty();
    }

    @Test
    void depthCostsNoStack() throws IOException {
        TestTree tree = new TestTree(4096);
        StringBuilder path = new StringBuilder();
        for (int i = 0; i < 5000; i++) {
            tree.directory(path.append("/d").toString());
        }
        assertThat(walk(tree.openV5(), 1, Optional.empty(), Integer.MAX_VALUE)).hasSize(5001);
    }

    @Test
    void endlessPathsAreRefused() throws IOException {
        TestTree tree = new TestTree(4096);
        StringBuilder path = new StringBuilder();
        for (int i = 0; i < 300; i++) {
            tree.directory(path.append('/').append("d".repeat(255)).toString());
        }
        V5Bootstrap image = tree.openV5();
        assertThatThrownBy(() -> walk(image, 1, Optional.empty(), Integer.MAX_VALUE))
                .isInstanceOf(RafsFormatException.class)
                .hasMessageContaining("path is longer");
    }
}
