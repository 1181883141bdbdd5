package io.nydus4j.storage.backend;

import io.nydus4j.blob.PositionalSource;
import io.nydus4j.blob.RafsFormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.zip.CRC32;

/**
 * The GUID partition table of a disk with sectors of {@value #SECTOR} bytes: the first copy, or the one at the disk's end where the
 * first is damaged.
 *
 * <p>The header (little-endian, in sector 1 and in the last one):
 * <pre>
 *   off size name
 *     0    8 "EFI PART"
 *    12    4 size of the header, 92 to 512
 *    16    4 CRC-32 of the header, taken as 0 itself
 *    24    8 sector of this header
 *    72    8 first sector of the entries
 *    80    4 number of entries
 *    84    4 size of an entry, 128 or a multiple
 *    88    4 CRC-32 of the entries
 * </pre>
 * An entry:
 * <pre>
 *     0   16 type, zero if unused
 *    16   16 id of the partition
 *    32    8 first sector
 *    40    8 last sector
 *    56   72 name in UTF-16, zero padded
 * </pre>
 */
final class GuidPartitions {
    static final int SECTOR = 512;
    static final UUID MICROSOFT_BASIC_DATA = UUID.fromString("ebd0a0a2-b9e5-4433-87c0-68b6b72699c7");

    private static final byte[] SIGNATURE = "EFI PART".getBytes(StandardCharsets.US_ASCII);
    private static final UUID UNUSED = new UUID(0, 0);
    private static final int LEAST_HEADER = 92;
    private static final int LEAST_ENTRY = 128;
    private static final int MOST_ENTRIES = 1 << 14;
    private static final int LARGEST_ENTRY = 4096;
    private static final int NAME_OFFSET = 56;
    private static final int NAME_SIZE = 72;

    private GuidPartitions() {}

    /**
     * A partition.
     *
     * @param offset in bytes
     * @param size   in bytes, at least 1
     */
    record Partition(UUID type, UUID id, String name, long offset, long size) {}

    /**
     * Reads the table.
     *
     * @return the partitions in the table's order
     * @throws RafsFormatException if there is none, or a partition lies outside of the disk
     * @throws IOException         if the disk cannot be read
     */
    static List<Partition> read(PositionalSource disk) throws IOException {
        try {
            return read(disk, 1);
        } catch (RafsFormatException e) {
            long sectors = disk.size() / SECTOR;
            if (sectors < 3) {
                throw e;
            }
            try {
                return read(disk, sectors - 1);
            } catch (RafsFormatException ignored) {
                throw e;
            }
        }
    }

    private static List<Partition> read(PositionalSource disk, long headerSector) throws IOException {
        ByteBuffer header = bytes(disk, headerSector * SECTOR, SECTOR, "header");
        byte[] signature = new byte[SIGNATURE.length];
        header.get(0, signature);
        int headerSize = header.getInt(12);
        if (!Arrays.equals(signature, SIGNATURE) || headerSize < LEAST_HEADER || headerSize > SECTOR) {
            throw wrong(headerSector * SECTOR, "there is no header");
        }
        int checksum = header.getInt(16);
        header.putInt(16, 0);
        if (crc(header, headerSize) != checksum || header.getLong(24) != headerSector) {
            throw wrong(headerSector * SECTOR, "the header is damaged");
        }
        long entriesSector = header.getLong(72);
        int count = header.getInt(80);
        int entrySize = header.getInt(84);
        if (entriesSector < 2
                || entriesSector > disk.size() / SECTOR
                || count < 0
                || count > MOST_ENTRIES
                || entrySize < LEAST_ENTRY
                || entrySize > LARGEST_ENTRY) {
            throw wrong(headerSector * SECTOR, "it has " + count + " entries of " + entrySize + " bytes");
        }
        ByteBuffer entries = bytes(disk, entriesSector * SECTOR, count * entrySize, "entries");
        if (crc(entries, count * entrySize) != header.getInt(88)) {
            throw wrong(entriesSector * SECTOR, "the entries are damaged");
        }
        List<Partition> partitions = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            ByteBuffer entry = entries.slice(i * entrySize, entrySize).order(ByteOrder.LITTLE_ENDIAN);
            if (!guid(entry, 0).equals(UNUSED)) {
                partitions.add(partition(entry, i, disk.size()));
            }
        }
        return partitions;
    }

    private static Partition partition(ByteBuffer entry, int index, long diskSize) throws RafsFormatException {
        long first = entry.getLong(32);
        long last = entry.getLong(40);
        if (first < 2 || last < first || last >= diskSize / SECTOR) {
            throw wrong(
                    -1,
                    "partition " + index + " has the sectors " + first + "-" + last + " of a disk of "
                            + diskSize / SECTOR);
        }
        byte[] name = new byte[NAME_SIZE];
        entry.get(NAME_OFFSET, name);
        String text = new String(name, StandardCharsets.UTF_16LE);
        int end = text.indexOf('\0');
        return new Partition(
                guid(entry, 0),
                guid(entry, 16),
                end < 0 ? text : text.substring(0, end),
                first * SECTOR,
                (last - first + 1) * SECTOR);
    }

    /** Reads an id: its first three fields are little-endian, the others are not. */
    private static UUID guid(ByteBuffer entry, int offset) {
        long high = Integer.toUnsignedLong(entry.getInt(offset)) << 32
                | Short.toUnsignedLong(entry.getShort(offset + 4)) << 16
                | Short.toUnsignedLong(entry.getShort(offset + 6));
        return new UUID(high, Long.reverseBytes(entry.getLong(offset + 8)));
    }

    private static int crc(ByteBuffer bytes, int length) {
        CRC32 crc = new CRC32();
        crc.update(bytes.duplicate().position(0).limit(length));
        return (int) crc.getValue();
    }

    private static ByteBuffer bytes(PositionalSource disk, long offset, int length, String what) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        if (disk.readAt(offset, bytes) < length) {
            throw wrong(offset, "the disk ends before the " + what);
        }
        return bytes;
    }

    private static RafsFormatException wrong(long offset, String problem) {
        return new RafsFormatException("GUID partition table", offset, problem);
    }
}
