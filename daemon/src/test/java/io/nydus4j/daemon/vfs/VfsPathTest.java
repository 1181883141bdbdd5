package io.nydus4j.daemon.vfs;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VfsPathTest {
    @ParameterizedTest
    @CsvSource({"/,/", "//,/", "/..,/", "/a/../..,/", "/a,/a", "/a/,/a", "/a/./b//c,/a/b/c", "/q/../r,/r", "/a/b/..,/a"
    })
    void resolves(String text, String expected) {
        assertThat(VfsPath.of(text).orElseThrow()).hasToString(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a", "./a", "../a"})
    void refusesWhatIsNotAbsolute(String text) {
        assertThat(VfsPath.of(text)).isEmpty();
    }

    @Test
    void tellsTheRoot() {
        assertThat(VfsPath.of("/x/..").orElseThrow().isRoot()).isTrue();
        assertThat(VfsPath.of("/x").orElseThrow().isRoot()).isFalse();
    }
}
