package io.nydus4j.daemon.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.daemon.api.JsonException;
import io.nydus4j.daemon.vfs.VfsState;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MountTableTest {
    private static final MountTable TABLE = new MountTable(
            List.of(
                    new MountRecord(
                            "/q/../é \"x\"",
                            255,
                            FileSystemType.RAFS,
                            "/images/boot",
                            "{\"version\":2,\n\"id\":\"\\\\\"}",
                            Optional.of(List.of("/a", "/b\tc")),
                            Instant.parse("2026-01-02T03:04:05.678Z")),
                    new MountRecord(
                            "/p", 1, FileSystemType.PASSTHROUGH, "/", "", Optional.empty(), Instant.ofEpochSecond(1))),
            new VfsState(
                    List.of(new VfsState.Directory(2, 1, "é \"x\""), new VfsState.Directory(7, 2, "p")),
                    17,
                    Set.of(3, 16)));

    @Test
    void readsWhatItWrote() throws Exception {
        assertThat(MountTable.parse(TABLE.toJson().getBytes(StandardCharsets.UTF_8)))
                .isEqualTo(TABLE);
    }

    @Test
    void doesNotShowConfigurations() {
        assertThat(TABLE.toString()).doesNotContain("version");
    }

    @Test
    void refusesDocumentsOfOtherVersionsAndBrokenOnes() {
        String text = TABLE.toJson();
        for (String broken : List.of(
                text.replace("\"version\":1", "\"version\":2"),
                "{}",
                "",
                "[]",
                text.replace("rafs", "ext4"),
                text.replace("2026-01", "2026-13"),
                text.replace("\"source\":\"/\"", "\"source\":3"))) {
            assertThatThrownBy(() -> MountTable.parse(broken.getBytes(StandardCharsets.UTF_8)))
                    .as(broken)
                    .isInstanceOf(JsonException.class);
        }
    }
}
