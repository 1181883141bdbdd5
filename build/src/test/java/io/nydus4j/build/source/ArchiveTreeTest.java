package io.nydus4j.build.source;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.build.tar.TarEntry;
import io.nydus4j.build.tar.TarType;
import io.nydus4j.rafs.RafsVersion;
import io.nydus4j.rafs.tree.Node;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

/** Trees of more names than fit on a page. */
final class ArchiveTreeTest {
    private static final byte[] NOTHING = {};

    private static ArchiveTree tree(RafsVersion version) {
        return new ArchiveTree(new SourceRules(version, 0x1000, true, 0, node -> true));
    }

    private static TarEntry entry(String name, TarType type, int mode) {
        return new TarEntry(
                type,
                name.getBytes(StandardCharsets.ISO_8859_1),
                type == TarType.SYMLINK ? new byte[] {'t'} : NOTHING,
                mode,
                0,
                0,
                NOTHING,
                NOTHING,
                0,
                0,
                0,
                0,
                0,
                List.of());
    }

    @Test
    void millionNamesInOneDirectoryTakeSecondsInAnyOrder() {
        List<Integer> numbers = new ArrayList<>();
        for (int i = 0; i < 1_000_000; i++) {
            numbers.add(i);
        }
        Collections.shuffle(numbers, new Random(1));
        List<Node> children = Assertions.assertTimeout(Duration.ofSeconds(60), () -> {
            ArchiveTree tree = tree(RafsVersion.V5);
            for (int number : numbers) {
                tree.add(entry("d/name" + number, TarType.FIFO, 0644));
            }
            return tree.finish().root().children().getFirst().children();
        });
        assertThat(children).hasSize(1_000_000);
        for (int i = 1; i < children.size(); i++) {
            if (Arrays.compareUnsigned(
                            children.get(i - 1).name(), children.get(i).name())
                    >= 0) {
                throw new AssertionError("child " + i + " comes before the one before it");
            }
        }
    }

    @Test
    void largeDirectoryInNoOrderKeepsWhatCameLast() throws IOException {
        ArchiveTree tree = tree(RafsVersion.V6);
        List<Integer> numbers = new ArrayList<>();
        for (int i = 0; i < 3000; i++) {
            numbers.add(i);
        }
        Random random = new Random(2);
        for (int mode : new int[] {0600, 0644}) {
            Collections.shuffle(numbers, random);
            for (int number : numbers) {
                tree.add(entry("d" + number % 3 + "/name" + number, TarType.FIFO, mode));
            }
        }
        tree.add(entry("d1", TarType.SYMLINK, 0777));
        List<Node> directories = tree.finish().root().children();
        assertThat(directories).extracting(node -> node.children().size()).containsExactly(1000, 0, 1000);
        for (Node child : directories.getFirst().children()) {
            assertThat(child.mode() & 07777).isEqualTo(0644);
            assertThat(child.parent()).isSameAs(directories.getFirst());
        }
    }
}
