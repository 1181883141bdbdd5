package io.nydus4j.build.stargz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.RafsFormatException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The JSON of tables of contents: what is read, and what is refused. */
final class StargzTocReaderTest {
    private static void read(String text) throws IOException {
        read(text.getBytes(StandardCharsets.UTF_8));
    }

    private static void read(byte[] text) throws IOException {
        StargzTocReader.read(new ByteArrayInputStream(text), _ -> {});
    }

    @Test
    void unknownKeysArePassedOverWhateverTheirValue() throws IOException {
        StargzEntry entry = Tables.entries("{\"x\":{\"name\":[1,{}]},\"name\":\"a\",\"NumLink\":-1e5,\"modtime\":null,"
                        + "\"type\":\"reg\",\"y\":[\"\\ud800\"],\"x\":2}")
                .getFirst();
        assertThat(entry.name()).isEqualTo("a");
        read("{\"z\":[],\"entries\":[{\"name\":\"\",\"type\":\"dir\"}],\"z\":0,\"version\":1} \n");
    }

    @Test
    void namesMayBeAnyText() throws IOException {
        StargzEntry entry = Tables.entries("{\"name\":\"\\u00e4\\ud83d\\ude00\\n\",\"type\":\"dir\"}")
                .getFirst();
        assertThat(entry.name()).isEqualTo("ä\uD83D\uDE00\n");
    }

    @Test
    void numbersMayHaveAllTheirBits() throws IOException {
        StargzEntry entry = Tables.entries(
                        "{\"name\":\"\",\"type\":\"\",\"offset\":18446744073709551615," + "\"uid\":4294967295}")
                .getFirst();
        assertThat(entry.offset()).isEqualTo(-1);
        assertThat(entry.uid()).isEqualTo(-1);
    }

    @Test
    void lastOfEqualXattrsWins() throws IOException {
        StargzEntry entry = Tables.entries(
                        "{\"name\":\"\",\"type\":\"dir\",\"xattrs\":{\"user.a\":\"YQ==\",\"user.a\":\"Yg==\"}}")
                .getFirst();
        assertThat(entry.xattrs()).containsExactly(Map.entry("user.a", "Yg=="));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            value = {
                "\"size\":1,\"size\":1|has the key \"size\" twice",
                "\"name\":\"b\"|has the key \"name\" twice",
                "\"xattrs\":{},\"xattrs\":{}|has the key \"xattrs\" twice",
                "\"size\":null|expected a whole number as \"size\", found null",
                "\"size\":-1|\"size\" is negative",
                "\"size\":-0|\"size\" is negative",
                "\"size\":1.0|found a fraction",
                "\"size\":1e1|found a fraction or exponent",
                "\"size\":\"1\"|found text",
                "\"size\":18446744073709551616|does not fit in 64 bits",
                "\"mode\":4294967296|does not fit in 32 bits",
                "\"linkName\":1|expected text as \"linkName\", found a number",
                "\"linkName\":null|found null",
                "\"linkName\":\"\\ud800\"|\"linkName\" is not Unicode",
                "\"linkName\":\"\\udc00\\ud800\"|\"linkName\" is not Unicode",
                "\"xattrs\":null|expected an object as \"xattrs\", found null",
                "\"xattrs\":[]|found a list",
                "\"xattrs\":{\"a\":1}|expected text as \"xattrs\"",
                "\"size\":01|is not JSON",
                "\"size\":+1|is not JSON",
                "\"size\":NaN|is not JSON"
            })
    void malformedEntryIsRefused(String members, String problem) {
        String entry = "{\"name\":\"a\",\"type\":\"reg\"," + members + "}";
        assertThatThrownBy(() -> Tables.entries(entry))
                .isInstanceOf(RafsFormatException.class)
                .hasMessageContaining(problem);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            value = {
                "{\"type\":\"dir\"}|entry 0: has no key \"name\"",
                "{\"name\":\"a\"}|entry 0, \"a\": has no key \"type\"",
                "[\"a\",\"dir\"]|expected an object as entry 0, found a list",
                "null|expected an object as entry 0, found null"
            })
    void entryWithoutWhatIsRequiredIsRefused(String entry, String problem) {
        assertThatThrownBy(() -> Tables.entries(entry))
                .isInstanceOf(RafsFormatException.class)
                .hasMessageContaining(problem);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            value = {
                "{}|has no key \"version\"",
                "{\"version\":1}|has no key \"entries\"",
                "{\"entries\":[]}|has no key \"version\"",
                "{\"version\":1,\"entries\":[]}|stargz TOC array is empty",
                "{\"version\":2,\"entries\":[]}|unsupported index version 2",
                "{\"version\":1,\"version\":1,\"entries\":[]}|has the key \"version\" twice",
                "{\"version\":1,\"entries\":[],\"entries\":[]}|has the key \"entries\" twice",
                "{\"version\":1,\"entries\":{}}|expected a list as \"entries\"",
                "{\"version\":\"1\",\"entries\":[]}|found text",
                "[1,[]]|expected an object, found a list",
                "{\"version\":1,\"entries\":[{\"name\":\"\",\"type\":\"dir\"}]} x|is not JSON",
                "{\"version\":1,\"entries\":[{\"name\":\"\",\"type\":\"dir\"}]} {}|something follows",
                "{\"version\":1,\"entries\":[{\"name\":\"\"|is not JSON",
                "''|expected an object, found nothing"
            })
    void malformedDocumentIsRefused(String text, String problem) {
        assertThatThrownBy(() -> read(text))
                .isInstanceOf(RafsFormatException.class)
                .hasMessageContaining(problem);
    }

    @Test
    void byteOrderMarkIsRefused() {
        assertThatThrownBy(() -> read("\uFEFF{}"))
                .isInstanceOf(RafsFormatException.class)
                .hasMessageContaining("byte order mark");
        assertThatThrownBy(() -> read("{}".getBytes(StandardCharsets.UTF_16LE)))
                .isInstanceOf(RafsFormatException.class);
    }

    @Test
    void otherEncodingsAreRefused() {
        byte[] text = Tables.table("{\"name\":\"\u00e4\",\"type\":\"dir\"}");
        byte[] latin = new String(text, StandardCharsets.UTF_8).getBytes(StandardCharsets.ISO_8859_1);
        assertThatThrownBy(() -> read(latin))
                .isInstanceOf(RafsFormatException.class)
                .hasMessageContaining("is not UTF-8");
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 100_000})
    void deepValuesDoNotExhaustTheStack(int depth) throws IOException {
        String value = "[".repeat(depth) + "]".repeat(depth);
        String text = "{\"version\":1,\"x\":" + value + ",\"entries\":[{\"name\":\"\",\"type\":\"dir\"}]}";
        if (depth < 500) {
            read(text);
        } else {
            assertThatThrownBy(() -> read(text)).isInstanceOf(RafsFormatException.class);
        }
    }

    @Test
    void failureToReadIsNotTakenForABrokenTable() {
        InputStream failing = new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException("the disk is gone");
            }

            @Override
            public int read(byte[] target, int offset, int length) throws IOException {
                return read();
            }
        };
        assertThatThrownBy(() -> StargzTocReader.read(failing, _ -> {}))
                .isExactlyInstanceOf(IOException.class)
                .hasMessage("the disk is gone");
    }
}
