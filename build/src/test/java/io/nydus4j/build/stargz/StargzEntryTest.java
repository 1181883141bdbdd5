package io.nydus4j.build.stargz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.Digest;
import io.nydus4j.blob.RafsFormatException;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the reference's own tests say of single entries. */
final class StargzEntryTest {
    private static StargzEntry entry(String type, String more) throws IOException {
        return Tables.entries("{\"name\":\"/all-entry-type.tar\",\"type\":\"" + type
                        + "\",\"devMajor\":255,\"devMinor\":33,\"size\":16,\"linkName\":\"link_name\"" + more + "}")
                .getFirst();
    }

    @ParameterizedTest
    @CsvSource({
        "dir, 40000, -1",
        "reg, 100000, -1",
        "symlink, 120000, -1",
        "hardlink, 100000, -1",
        "chunk, 0, -1",
        "block, 60000, 65313",
        "char, 20000, 65313",
        "fifo, 10000, 65313"
    })
    void typeGivesModeAndDeviceNumber(String text, String mode, int rdev) throws IOException {
        StargzEntry entry = entry(text, "");
        StargzType type = entry.type().orElseThrow();
        assertThat(entry.fileMode(type)).isEqualTo(Integer.parseInt(mode, 8));
        assertThat(entry.rdev(type)).isEqualTo(rdev);
    }

    @Test
    void unknownTypeIsNone() throws IOException {
        assertThat(entry("req", "").type()).isEmpty();
    }

    @Test
    void strayTypeBitsOfTheModeAreDropped() throws IOException {
        StargzEntry entry = entry("dir", ",\"mode\":" + 0120755);
        assertThat(entry.fileMode(StargzType.DIRECTORY)).isEqualTo(040755);
    }

    @Test
    void deviceNumbersAreLinuxOnes() throws IOException {
        StargzEntry entry = Tables.entries("{\"name\":\"b\",\"type\":\"block\",\"devMajor\":259,\"devMinor\":4097}")
                .getFirst();
        assertThat(entry.rdev(StargzType.BLOCK_DEVICE)).isEqualTo(16843521);
    }

    @Test
    void chunkDigestIsTheId() throws IOException {
        StargzEntry entry = entry("reg", ",\"chunkDigest\":\"sha256:" + "a".repeat(64) + "\"");
        assertThat(entry.contentDigest()).contains(Digest.parse("a".repeat(64)));
        assertThat(entry("reg", "").contentDigest()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "md5:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                "sha256:aaaaaaaaaa",
                "sha256:zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"
            })
    void wrongChunkDigestIsRefused(String digest) throws IOException {
        StargzEntry entry = entry("reg", ",\"chunkDigest\":\"" + digest + "\"");
        assertThatThrownBy(entry::contentDigest)
                .isInstanceOf(RafsFormatException.class)
                .hasMessageContaining("stargz: invalid chunk digest")
                .hasMessageContaining("all-entry-type.tar");
    }

    @Test
    void identityIsTheDigestOfTheEntryAsCompactJson() throws IOException {
        StargzEntry entry = Tables.entries("{\"xattrs\":{\"user.a\":\"YQ==\"},\"mode\":420,\"offset\":100,"
                        + "\"size\":3,\"type\":\"reg\",\"name\":\"a/b\"}")
                .getFirst();
        assertThat(EntryIdentity.json(entry))
                .isEqualTo("{\"name\":\"a/b\",\"type\":\"reg\",\"size\":3,\"linkName\":\"\",\"mode\":420,\"uid\":0,"
                        + "\"gid\":0,\"userName\":\"\",\"groupName\":\"\",\"offset\":100,\"devMajor\":0,\"devMinor\":0,"
                        + "\"xattrs\":{\"user.a\":\"YQ==\"},\"digest\":\"\",\"chunkOffset\":0,\"chunkSize\":0}");
        assertThat(new EntryIdentity("blob").of(entry))
                .hasToString("0bf5f55a6eba298de7bc59465b394f592b8b194b8c7da8fa40bfa725aa64b756");
    }
}
