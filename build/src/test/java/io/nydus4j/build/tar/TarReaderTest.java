package io.nydus4j.build.tar;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.blob.GoldenImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads real archives. */
final class TarReaderTest {
    private static List<String> lines(Path archive) throws IOException {
        List<String> lines = new ArrayList<>();
        try (TarReader reader = new TarReader(
                ArchiveInputs.open(FileChannel.open(archive), ArchiveLimits.DEFAULT), ArchiveLimits.DEFAULT)) {
            for (TarMember member = reader.next(); member != null; member = reader.next()) {
                CRC32 crc = new CRC32();
                ByteBuffer buffer = ByteBuffer.allocate(1000);
                long size = 0;
                for (int count = reader.read(buffer); count >= 0; count = reader.read(buffer.clear())) {
                    crc.update(buffer.flip());
                    size += count;
                }
                assertThat(size).isEqualTo(member.entry().size());
                lines.add(new String(member.entry().name(), StandardCharsets.ISO_8859_1) + " " + crc.getValue());
            }
            assertThat(reader.warnings()).isEmpty();
        }
        return lines;
    }

    @ParameterizedTest
    @ValueSource(strings = {"tree.tar", "tree.tar.gz", "full.tar", "upper.tar", "mixed.tar"})
    void readsGoldenArchives(String name) throws IOException {
        assertThat(lines(GoldenImage.root().resolve(name))).hasSizeGreaterThan(3);
    }
}
