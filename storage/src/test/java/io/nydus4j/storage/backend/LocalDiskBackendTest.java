package io.nydus4j.storage.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.storage.BackendCounters;
import io.nydus4j.storage.BackendException;
import io.nydus4j.storage.BlobBackend;
import io.nydus4j.storage.config.LocalDiskSettings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import java.util.UUID;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Blobs in partitions of a disk image that the test lays out by the UEFI specification. */
final class LocalDiskBackendTest {
    private static final int SECTOR = 512;
    private static final int SECTORS = 200;
    private static final String ID = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    /** Linux file system data, as bytes on disk. */
    private static final byte[] LINUX = bytes("AF3DC60F838472478E793D69D8477DE4");
    /** Microsoft basic data, as bytes on disk. */
    private static final byte[] BASIC = bytes("A2A0D0EBE5B9334487C068B6B72699C7");

    @TempDir
    Path folder;

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex);
    }

    private static byte[] disk() {
        ByteBuffer disk = ByteBuffer.allocate(SECTORS * SECTOR).order(ByteOrder.LITTLE_ENDIAN);
        byte[] noise = new byte[SECTORS * SECTOR];
        new Random(1).nextBytes(noise);
        disk.put(noise);
        Arrays.fill(disk.array(), 0, 34 * SECTOR, (byte) 0);
        // The second half of the id is the partition's own: 01234567-89ab-cdef-0123-456789abcdef.
        entry(disk, 0, LINUX, bytes("67452301AB89EFCD0123456789ABCDEF"), ID.substring(0, 32), 40, 49);
        entry(disk, 1, BASIC, bytes("00112233445566778899AABBCCDDEEFF"), "f".repeat(32), 50, 50);
        // Both copies of the header name the same entries.
        header(disk, 1);
        header(disk, SECTORS - 1);
        return disk.array();
    }

    private static void entry(ByteBuffer disk, int index, byte[] type, byte[] id, String name, long first, long last) {
        int start = 2 * SECTOR + index * 128;
        disk.put(start, type).put(start + 16, id).putLong(start + 32, first).putLong(start + 40, last);
        disk.put(start + 56, name.getBytes(StandardCharsets.UTF_16LE));
    }

    private static void header(ByteBuffer disk, int sector) {
        int start = sector * SECTOR;
        disk.put(start, new byte[SECTOR]);
        disk.put(start, "EFI PART".getBytes(StandardCharsets.US_ASCII)).putInt(start + 8, 0x10000);
        disk.putInt(start + 12, 92).putLong(start + 24, sector);
        disk.putLong(start + 72, 2).putInt(start + 80, 128).putInt(start + 84, 128);
        disk.putInt(start + 88, crc(disk, 2 * SECTOR, 128 * 128)).putInt(start + 16, 0);
        disk.putInt(start + 16, crc(disk, start, 92));
    }

    private static int crc(ByteBuffer disk, int start, int length) {
        CRC32 crc = new CRC32();
        crc.update(disk.slice(start, length));
        return (int) crc.getValue();
    }

    private BlobBackend open(byte[] disk) throws IOException {
        Path file = Files.write(folder.resolve("disk"), disk);
        return BackendFactory.open(new LocalDiskSettings(file.toString(), false), new BackendCounters("localdisk"));
    }

    @Test
    void partitionIsABlob() throws IOException {
        byte[] disk = disk();
        try (BlobBackend backend = open(disk)) {
            String id = ID.substring(0, 32) + "0123456789abcdef0123456789abcdef";
            assertThat(backend.open(id).size()).isEqualTo(10 * SECTOR);
            ByteBuffer buffer = ByteBuffer.allocate(6000);
            assertThat(backend.open(id).readAt(100, buffer)).isEqualTo(10 * SECTOR - 100);
            assertThat(buffer.flip())
                    .isEqualTo(ByteBuffer.wrap(disk, 40 * SECTOR + 100, 10 * SECTOR - 100)
                            .slice());
            assertThat(backend.open(id).readAt(10 * SECTOR, buffer.clear())).isZero();
            assertThat(backend.open(id).readAt(Long.MAX_VALUE, buffer)).isZero();
        }
    }

    @Test
    void nameOfBasicDataStandsForAllIdsThatBeginWithIt() throws IOException {
        try (BlobBackend backend = open(disk())) {
            assertThat(backend.open("f".repeat(64)).size()).isEqualTo(SECTOR);
            assertThat(backend.open("f".repeat(32)).size()).isEqualTo(SECTOR);
            assertThatThrownBy(() -> backend.open("e".repeat(64)))
                    .isInstanceOf(BackendException.class)
                    .hasMessageContaining("no such partition");
        }
    }

    @Test
    void secondCopyOfTheTableHelpsWhereTheFirstIsDamaged() throws IOException {
        byte[] disk = disk();
        disk[SECTOR + 24]++;
        try (BlobBackend backend = open(disk)) {
            assertThat(backend.open("f".repeat(32)).size()).isEqualTo(SECTOR);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2 * SECTOR, 2 * SECTOR + 32, 2 * SECTOR + 60, 30 * SECTOR})
    void damagedEntriesAreRefused(int position) {
        byte[] disk = disk();
        disk[position]++;
        assertThatThrownBy(() -> open(disk))
                .isInstanceOf(BackendException.class)
                .hasMessageContaining("damaged");
    }

    @Test
    void partitionOutsideOfTheDiskIsRefused() {
        ByteBuffer disk = ByteBuffer.wrap(disk()).order(ByteOrder.LITTLE_ENDIAN);
        disk.putLong(2 * SECTOR + 40, SECTORS);
        header(disk, 1);
        header(disk, SECTORS - 1);
        assertThatThrownBy(() -> open(disk.array())).hasMessageContaining("sectors 40-200 of a disk of 200");
    }

    @Test
    void twoPartitionsOfOneBlobAreRefused() {
        ByteBuffer disk = ByteBuffer.wrap(disk()).order(ByteOrder.LITTLE_ENDIAN);
        entry(disk, 2, BASIC, bytes("11112233445566778899AABBCCDDEEFF"), "f".repeat(32), 60, 61);
        header(disk, 1);
        assertThatThrownBy(() -> open(disk.array())).hasMessageContaining("two partitions for blob fff");
    }

    @Test
    void diskWithoutATableIsRefusedUnlessItIsLeftUnread() throws IOException {
        byte[] disk = new byte[10 * SECTOR];
        assertThatThrownBy(() -> open(disk)).hasMessageContaining("there is no header");
        LocalDiskSettings unread = new LocalDiskSettings(folder.resolve("disk").toString(), true);
        try (BlobBackend backend = BackendFactory.open(unread, new BackendCounters("localdisk"))) {
            assertThatThrownBy(() -> backend.open(ID)).hasMessageContaining("no such partition");
        }
    }

    @Test
    void idsAreReadAsTheyAreWritten() throws IOException {
        Path file = Files.write(folder.resolve("disk"), disk());
        LocalFile disk = LocalFile.open(file, "test", "");
        assertThat(GuidPartitions.read(disk))
                .extracting(GuidPartitions.Partition::id)
                .containsExactly(
                        UUID.fromString("01234567-89ab-cdef-0123-456789abcdef"),
                        UUID.fromString("33221100-5544-7766-8899-aabbccddeeff"));
        disk.close();
    }
}
