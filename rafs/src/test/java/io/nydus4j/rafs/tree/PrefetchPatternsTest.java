package io.nydus4j.rafs.tree;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.rafs.TestTree;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Reads prefetch patterns and sorts nodes by them. */
final class PrefetchPatternsTest {
    private static PrefetchPatterns parse(String... lines) {
        return PrefetchPatterns.parse(TestTree.bytes(String.join("\n", lines)));
    }

    private static List<String> texts(PrefetchPatterns patterns) {
        return patterns.patterns().stream()
                .map(pattern -> new String(pattern, StandardCharsets.UTF_8))
                .toList();
    }

    private static List<String> paths(List<Node> nodes) {
        return nodes.stream().map(Node::toString).toList();
    }

    @Test
    void patternBelowAnEarlierOneIsLeftOut() {
        PrefetchPatterns patterns = parse("/a/b", "/a/b/c", "/a/b/d", "/a/b/d/e", "/f", "/h/i");
        assertThat(texts(patterns)).containsExactly("/a/b", "/f", "/h/i");
        assertThat(patterns.warnings()).hasSize(3);
        assertThat(patterns.warnings().getFirst())
                .isEqualTo("prefetch pattern /a/b/c is covered by previous pattern and thus omitted");
    }

    @Test
    void widerPatternAfterNarrowOnesIsKept() {
        assertThat(texts(parse("/a/b", "/a", "/", "/z"))).containsExactly("/a/b", "/a", "/");
    }

    @Test
    void patternsAreComparedByComponents() {
        PrefetchPatterns patterns = parse("  /z  ", "\t//z/.//\r", "/zz", "/z/..", "/y/", "/y");
        assertThat(texts(patterns)).containsExactly("/z", "/zz", "/y");
    }

    @Test
    void relativeAndEmptyLinesAreLeftOut() {
        PrefetchPatterns patterns = parse("rel", "", "./a", "/a");
        assertThat(texts(patterns)).containsExactly("/a");
        assertThat(patterns.warnings()).hasSize(3);
        assertThat(patterns.warnings().getFirst())
                .isEqualTo("Illegal file path rel specified, should be absolute path");
        assertThat(parse().patterns()).isEmpty();
    }

    @Test
    void filesComeInTheOrderOfTheirPatterns() {
        TestTree tree = new TestTree(4096);
        for (String path : new String[] {"/f", "/a/b/x", "/h/i/j", "/z", "/a/b/d"}) {
            tree.file(path, path);
        }
        ImageTree numbered = tree.tree();
        PrefetchPatterns.Selection selection = parse("/a/b", "/f", "/h/i", "/k").select(numbered);
        assertThat(paths(selection.prefetch())).containsExactly("/a/b/d", "/a/b/x", "/f", "/h/i/j");
        assertThat(paths(selection.others())).containsExactly("/", "/a", "/h", "/z", "/a/b", "/h/i");
        assertThat(paths(selection.tableNodes())).containsExactly("/a/b", "/f", "/h/i");
    }

    @Test
    void deepestPatternDecides() {
        TestTree tree = new TestTree(4096);
        tree.file("/a/b/c", "1");
        tree.file("/a/d", "2");
        PrefetchPatterns.Selection selection = parse("/a/b/c", "/a").select(tree.tree());
        assertThat(paths(selection.prefetch())).containsExactly("/a/b/c", "/a/d");
        assertThat(paths(selection.tableNodes())).containsExactly("/a/b/c", "/a");
    }

    @Test
    void withoutPatternsAllIsOther() {
        TestTree tree = new TestTree(4096);
        tree.file("/a", "1");
        PrefetchPatterns.Selection selection = PrefetchPatterns.NONE.select(tree.tree());
        assertThat(selection.prefetch()).isEmpty();
        assertThat(selection.tableNodes()).isEmpty();
        assertThat(paths(selection.others())).containsExactly("/", "/a");
    }

    /** The tree of the reference's answers below: 2 d, 3 dev... by name order. */
    private static TestTree reference() {
        TestTree tree = new TestTree(4096);
        tree.file("/d/e/g", "gg");
        tree.file("/d/f", "ff");
        tree.device("/dev", 0020600, 1);
        tree.file("/empty", "");
        tree.symlink("/ln", "z");
        tree.file("/z", "zz");
        return tree;
    }

    @ParameterizedTest
    @CsvSource({"/empty /ln /dev /d/e /z, 5 3 7 6, ggzzff", "/z /d, 6 2, zzffgg", "  /z   rel  /d/ /d/e, 6 2, zzffgg"})
    void tableAndOrderAreThoseOfTheReference(String lines, String table, String data) {
        TestTree tree = reference();
        PrefetchPatterns.Selection selection =
                PrefetchPatterns.parse(TestTree.bytes(lines.replace(' ', '\n'))).select(tree.tree());
        assertThat(String.join(
                        " ",
                        selection.tableNodes().stream()
                                .map(node -> String.valueOf(node.ino()))
                                .toList()))
                .isEqualTo(table);
        StringBuilder written = new StringBuilder();
        for (List<Node> nodes : List.of(selection.prefetch(), selection.others())) {
            for (Node node : nodes) {
                if (node.isRegular()) {
                    written.append(new String(tree.contents.get(node.toString()), StandardCharsets.UTF_8));
                }
            }
        }
        assertThat(written).hasToString(data);
    }

    @Test
    void twoNamesOfAFileAreListedTwice() throws IOException {
        TestTree tree = new TestTree(4096);
        tree.file("/a", "1");
        tree.hardLink("/b", "/a");
        List<Node> nodes = parse("/b", "/a").select(tree.tree()).tableNodes();
        assertThat(nodes).extracting(Node::ino).containsExactly(2, 2);
        assertThat(tree.openV5("/b", "/a").prefetchTable()).containsExactly(2L, 2L);
    }
}
