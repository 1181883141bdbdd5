package io.nydus4j.rafs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.GoldenImage;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import io.nydus4j.rafs.v5.V5Bootstrap;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Looks inodes up by path, and paths by inode. */
final class RafsPathsTest {
    private static V5Bootstrap image() throws IOException {
        TestTree tree = new TestTree(4096);
        tree.file("/a/b/c", "text");
        tree.hardLink("/a/z", "/a/b/c");
        tree.symlink("/a/link", "b");
        return tree.openV5();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "//", "/.", "/././/"})
    void allPathsOfTheRootLeadToIt(String path) throws IOException {
        assertThat(RafsPaths.inoFromPath(image(), TestTree.bytes(path))).hasValue(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/a/b/c", "//a/./b//c/", "/a/b/c/."})
    void slashesAndDotsDoNotCount(String path) throws IOException {
        V5Bootstrap image = image();
        Inode found = RafsPaths.inodeFromPath(image, TestTree.bytes(path));
        assertThat(found).isNotNull();
        assertThat(found.size()).isEqualTo(4);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/b", "/a/b/c/d", "/a/link/c", "/a/..", "/..", "/a/b/cc", "/a/b/"})
    void missingNamesAreNotFound(String path) throws IOException {
        boolean directory = path.equals("/a/b/");
        assertThat(RafsPaths.inoFromPath(image(), TestTree.bytes(path)).isPresent())
                .isEqualTo(directory);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a", "./a", "a/b"})
    void relativePathIsRefused(String path) throws IOException {
        V5Bootstrap image = image();
        assertThatThrownBy(() -> RafsPaths.inoFromPath(image, TestTree.bytes(path)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void pathOfAnInodeLeadsBackToIt() throws IOException {
        V5Bootstrap image = image();
        for (long ino = 1; ino <= image.maxIno(); ino++) {
            byte[] path = RafsPaths.pathFromIno(image, ino);
            assertThat(path).isNotNull();
            assertThat(RafsPaths.inoFromPath(image, path))
                    .hasValue(image.inode(ino).ino());
        }
        assertThat(RafsPaths.pathFromIno(image, 1)).asString().isEqualTo("/");
    }

    @Test
    void pathOfAHardLinkIsThatOfTheFirstName() throws IOException {
        V5Bootstrap image = image();
        long ino = RafsPaths.inoFromPath(image, TestTree.bytes("/a/b/c")).orElseThrow();
        assertThat(ino)
                .isEqualTo(RafsPaths.inoFromPath(image, TestTree.bytes("/a/z")).orElseThrow());
        assertThat(RafsPaths.pathFromIno(image, ino)).asString().isEqualTo("/a/z");
    }

    @Test
    void directoriesOfV6HavePathsAndFilesNone() throws IOException {
        Path boot = GoldenImage.root().resolve("v6-none-4k").resolve("boot");
        try (Rafs rafs = Rafs.load(boot, LoadOptions.DEFAULT)) {
            Inode directory = RafsPaths.inodeFromPath(rafs, TestTree.bytes("/deep/d0/d1/d2"));
            assertThat(directory).isNotNull();
            assertThat(RafsPaths.pathFromIno(rafs, directory.ino())).asString().isEqualTo("/deep/d0/d1/d2");
            assertThat(RafsPaths.pathFromIno(rafs, rafs.rootIno())).asString().isEqualTo("/");
            long file = RafsPaths.inoFromPath(rafs, TestTree.bytes("/dup/one")).orElseThrow();
            assertThat(RafsPaths.pathFromIno(rafs, file)).isNull();
            assertThat(RafsPaths.inoFromPath(rafs, TestTree.bytes("/deep/..")))
                    .as("v6 directories have the name ..")
                    .hasValue(rafs.rootIno());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "/x/abc.tar.gz, abc",
        "abc, abc",
        "/x/.abc, .abc",
        "/x/.abc.boot, .abc",
        "abc., abc",
        "/x/abc.image.boot, abc"
    })
    void blobIdIsTheFileNameWithoutExtensions(String path, String id) {
        assertThat(Rafs.blobId(Path.of(path))).isEqualTo(id);
    }

    @Test
    void pathWithoutFileNameHasNoBlobId() {
        assertThatThrownBy(() -> Rafs.blobId(Path.of("/"))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void namesOfAnyBytesAreFound() throws IOException {
        byte[] name = {(byte) 0xff, '\n', (byte) 0x80};
        TestTree tree = new TestTree(4096);
        tree.file("/" + new String(name, StandardCharsets.ISO_8859_1), "x");
        // The tree's names are UTF-8 text, so what is looked up is that.
        byte[] path = ("/" + new String(name, StandardCharsets.ISO_8859_1)).getBytes(StandardCharsets.UTF_8);
        assertThat(RafsPaths.inoFromPath(tree.openV5(), path)).hasValue(2);
    }
}
