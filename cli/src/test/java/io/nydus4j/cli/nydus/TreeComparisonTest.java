package io.nydus4j.cli.nydus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TreeComparisonTest {
    private static final FileTime TIME = FileTime.fromMillis(1_000_000);

    @TempDir
    Path folder;

    private Path tree(String name) throws IOException {
        Path tree = Files.createDirectory(folder.resolve(name));
        file(tree, "first");
        return tree;
    }

    private static void file(Path tree, String name) throws IOException {
        Files.setLastModifiedTime(Files.writeString(tree.resolve(name), "content"), TIME);
    }

    @Test
    void namesOutsideOfTheTreeDoNotCount() throws IOException {
        Path expected = tree("expected");
        Path found = tree("found");
        Files.createLink(folder.resolve("elsewhere"), expected.resolve("first"));
        assertThat(TreeComparison.compare(expected, found).files()).isEqualTo(1);
    }

    @Test
    void linksWithinTheTreeMustBeLinks() throws IOException {
        Path expected = tree("expected");
        Path found = tree("found");
        Files.createLink(expected.resolve("second"), expected.resolve("first"));
        file(found, "second");
        assertThatThrownBy(() -> TreeComparison.compare(expected, found))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("hard link");
        Files.delete(found.resolve("second"));
        Files.createLink(found.resolve("second"), found.resolve("first"));
        assertThat(TreeComparison.compare(expected, found).files()).isEqualTo(2);
    }
}
