package io.nydus4j.linux.mount;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.linux.Command;
import io.nydus4j.linux.Requirements;
import io.nydus4j.linux.file.NativePath;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class MountTableTest {
    @Test
    void findsAMountOnANameOfAnyBytes() throws IOException {
        Requirements.root();
        Path folder = Files.createTempDirectory("nydus4j mount\\");
        byte[] name = {'a', ' ', '\n', '\t', '\\', (byte) 0xFF};
        Path place = Files.createDirectory(folder.resolve(NativePath.path(name)));
        byte[] bytes = NativePath.bytes(place);
        Mounts.mount("a source", bytes, "tmpfs", MountFlags.NO_EXEC, "size=64k,mode=700");
        try {
            MountEntry entry = MountTable.find(bytes).orElseThrow();
            assertThat(entry.type()).isEqualTo("tmpfs");
            assertThat(new String(entry.source(), UTF_8)).isEqualTo("a source");
            assertThat(entry.options()).contains("noexec");
            assertThat(entry.fileSystemOptions()).contains("size=64k");
            assertThat(Command.run("mountpoint", "-d", folder + "/.").status()).isNotZero();
        } finally {
            Mounts.unmount(bytes, MountFlags.NO_FOLLOW);
            Files.delete(place);
            Files.delete(folder);
        }
        assertThat(MountTable.find(bytes)).isEmpty();
    }

    @Test
    void parsesOptionalFieldsAndSkipsWhatItDoesNotKnow() {
        String table = """
                36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:3 - ext3 /dev/root rw,errors=continue
                not a mount
                37 35 0:41 / /a\\040b\\134 ro - fuse.x none ro
                """;
        List<MountEntry> entries = MountTable.parse(table.getBytes(ISO_8859_1));
        assertThat(entries).hasSize(2);
        assertThat(entries.get(0).major()).isEqualTo(98);
        assertThat(entries.get(0).type()).isEqualTo("ext3");
        assertThat(new String(entries.get(1).mountPoint(), UTF_8)).isEqualTo("/a b\\");
        assertThat(entries.get(1).parentId()).isEqualTo(35);
    }

    @Test
    void leavesIncompleteEscapesAlone() {
        assertThat(MountTable.unescape("a\\04")).isEqualTo("a\\04".getBytes(UTF_8));
        assertThat(MountTable.unescape("a\\089")).isEqualTo("a\\089".getBytes(UTF_8));
        assertThat(MountTable.unescape("\\011")).isEqualTo(new byte[] {9});
    }
}
