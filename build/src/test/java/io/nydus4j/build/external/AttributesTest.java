package io.nydus4j.build.external;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The syntax of attributes files. */
final class AttributesTest {
    private static byte[] path(String path) {
        return path.getBytes(UTF_8);
    }

    private static Attributes parse(String text) throws IOException {
        return Attributes.parse(text.getBytes(UTF_8));
    }

    @Test
    void patternsArePathsOfTheImage() throws IOException {
        Attributes attributes = parse("foo/bar type=external\n/dir/ type=external\n/other type=internal");
        assertThat(attributes.isExternal(path("/foo/bar"))).isTrue();
        assertThat(attributes.isExternal(path("/dir"))).isTrue();
        assertThat(attributes.isExternal(path("/foo"))).isFalse();
        assertThat(attributes.isExternal(path("/other"))).isFalse();
        assertThat(attributes.hasExternal()).isTrue();
    }

    @Test
    void keysWithoutValueAreEmpty() throws IOException {
        Attributes attributes = parse("  /f type=external flag size=3  ");
        assertThat(attributes.value(path("/f"), "flag")).contains("");
        assertThat(attributes.value(path("/f"), "size")).contains("3");
        assertThat(attributes.value(path("/f"), "none")).isEmpty();
        assertThat(attributes.value(path("/g"), "size")).isEmpty();
    }

    @Test
    void leavesOutCommentsAndMacros() throws IOException {
        Attributes attributes = parse("# /a type=external\n\n[attr]binary -diff\n/b type=external\r\n");
        assertThat(attributes.isExternal(path("/b"))).isTrue();
        assertThat(attributes.isExternal(path("/a"))).isFalse();
    }

    @Test
    void readsQuotedPatterns() throws IOException {
        assertThat(parse("\"/a b\\\"\\303\\251\\n\" type=external").isExternal(path("/a b\"\u00e9\n")))
                .isTrue();
        assertThatThrownBy(() -> parse("\"/a")).hasMessageContaining("line 1");
        assertThatThrownBy(() -> parse("\n\"/a\\q\" x=y")).hasMessageContaining("line 2");
    }

    @Test
    void refusesNegativePatterns() {
        assertThatThrownBy(() -> parse("!/a type=external")).hasMessageContaining("negative patterns");
    }

    @Test
    void refusesWordsThatNameNoAttribute() {
        for (String word : List.of("type:external", "=x", "--a", "t\u00ffpe")) {
            assertThatThrownBy(() -> parse("\n/a " + word))
                    .as(word)
                    .hasMessageContaining("line 2: no name of an attribute");
        }
    }

    @Test
    void takesAttributesBackAndPatternsThatStartWithASignOfTheSyntax() throws IOException {
        Attributes attributes = parse("/a type=external -type\n\\!b type=external\n\\#c type=external");
        assertThat(attributes.isExternal(path("/a"))).isFalse();
        assertThat(attributes.isExternal(path("/!b"))).isTrue();
        assertThat(attributes.isExternal(path("/#c"))).isTrue();
    }

    @Test
    void readsWhereAFileLies() throws IOException {
        String id = "e".repeat(64);
        Attributes attributes = parse("/f type=external blob_index=1 blob_id=" + id
                + " chunk_size=4MiB chunk_0_compressed_offset=8 compressed_size=99 crcs=1234,0xabcd file_size=7");
        ExternalFile file = ExternalFile.of(attributes, path("/f"));
        assertThat(file.chunkSize()).isEqualTo(4 << 20);
        assertThat(file.crcs()).containsExactly(0x1234, 0xabcd);
        assertThat(ExternalFile.fileSize(attributes, path("/f"))).contains(7L);
    }

    @Test
    void namesTheKeyThatIsMissing() throws IOException {
        Attributes attributes = parse("/f type=external");
        assertThatThrownBy(() -> ExternalFile.of(attributes, path("/f")))
                .hasMessage("failed to parse blob_index of external file /f");
        Attributes shortId =
                parse("/f blob_index=0 blob_id=ab chunk_size=4096 chunk_0_compressed_offset=0 compressed_size=1");
        assertThatThrownBy(() -> ExternalFile.of(shortId, path("/f")))
                .hasMessage("invalid blob id:ab, length:2, index:0");
    }
}
