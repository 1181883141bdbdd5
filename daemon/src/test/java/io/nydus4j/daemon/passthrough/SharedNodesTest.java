package io.nydus4j.daemon.passthrough;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.linux.file.OpenFlags;
import io.nydus4j.linux.file.PosixFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How long the nodes of a shared directory live. */
class SharedNodesTest {
    @TempDir
    Path directory;

    private static Descriptor place(Path file) throws ErrnoException {
        return PosixFiles.open(
                Descriptor.WORKING_DIRECTORY, NativePath.bytes(file), OpenFlags.PATH | OpenFlags.NO_FOLLOW, 0);
    }

    private SharedNodes table() throws ErrnoException {
        Descriptor root = place(directory);
        return new SharedNodes(root, root.status(), 2, null);
    }

    private static SharedNode lookUp(SharedNodes nodes, Path file) throws ErrnoException {
        Descriptor place = place(file);
        return nodes.lookedUp(place, place.status());
    }

    @Test
    void aNodeLivesUntilAllItsLookUpsAreForgotten() throws Exception {
        Path file = Files.createFile(directory.resolve("file"));
        Path link = Files.createLink(directory.resolve("link"), file);
        try (SharedNodes nodes = table()) {
            SharedNode node = lookUp(nodes, file);
            assertThat(lookUp(nodes, link)).isSameAs(node);
            assertThat(lookUp(nodes, file)).isSameAs(node);
            assertThat(node.number()).isEqualTo(2);
            assertThat(nodes.isKnown(node.place().status())).isTrue();
            nodes.forget(2, 2);
            assertThat(nodes.node(2).place().isOpen()).isTrue();
            nodes.forget(2, 1);
            assertThat(node.place().isOpen()).isFalse();
            assertThatThrownBy(() -> nodes.node(2))
                    .isInstanceOfSatisfying(
                            ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ESTALE));
            assertThat(lookUp(nodes, file).number())
                    .as("a number is never used again")
                    .isEqualTo(3);
        }
    }

    @Test
    void theSharedDirectoryIsNeverForgotten() throws Exception {
        SharedNodes nodes = table();
        try (nodes) {
            assertThat(lookUp(nodes, directory)).isSameAs(nodes.root());
            nodes.forget(SharedNodes.ROOT, 100);
            nodes.forget(77, 1);
            assertThat(nodes.node(SharedNodes.ROOT)).isSameAs(nodes.root());
        }
        assertThat(nodes.root().place().isOpen()).isFalse();
    }
}
