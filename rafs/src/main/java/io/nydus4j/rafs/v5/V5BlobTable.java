package io.nydus4j.rafs.v5;

import static io.nydus4j.rafs.v5.V5Format.INT;

import io.nydus4j.blob.RafsFormatException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The ids of the data blobs, in the order of their blob indexes.
 *
 * <p>An entry on disk (little-endian):
 * <pre>
 *   off size name
 *     0    4 start of what is worth prefetching in the blob, in bytes; always 0
 *     4    4 how much is worth prefetching, in stored bytes
 *     8    n blob id, text
 *   8+n    1 zero, absent after the last entry
 * </pre>
 * The table is padded to a multiple of 8 bytes with zeros. Mirrors {@code RafsV5BlobTable} of the reference.
 */
public final class V5BlobTable {
    static final String NAME = "blob table";

    private static final int ID = 8;
    /** More blobs than any image has; keeps a hostile table from filling the memory. */
    private static final int MAX_BLOBS = 0x1_0000;

    private V5BlobTable() {}

    /**
     * An entry of the table.
     *
     * @param prefetchOffset start of what is worth prefetching, in stored bytes, unsigned
     * @param prefetchSize   length of what is worth prefetching, in stored bytes, unsigned
     * @param id             the blob's id without trailing zeros
     */
    public record Entry(int prefetchOffset, int prefetchSize, String id) {}

    /** Returns the size of a table with its padding, in bytes. */
    public static long size(List<Entry> entries) {
        long size = 0;
        for (Entry entry : entries) {
            size += ID + entry.id().getBytes(StandardCharsets.UTF_8).length + 1;
        }
        return size == 0 ? 0 : V5Format.align(size - 1);
    }

    /**
     * Reads a table.
     *
     * @param file   the whole bootstrap, in which the table fits
     * @param offset start of the table, in bytes
     * @param size   length of the table, in bytes
     * @throws RafsFormatException if an id is no text, or there are more than 65,536
     */
    public static List<Entry> read(MemorySegment file, long offset, long size) throws RafsFormatException {
        List<Entry> entries = new ArrayList<>();
        long position = offset;
        long end = offset + size;
        while (end - position > ID) {
            if (entries.size() == MAX_BLOBS) {
                throw new RafsFormatException(NAME, position, "more than " + MAX_BLOBS + " blobs");
            }
            long idEnd = position + ID;
            while (idEnd < end && file.get(ValueLayout.JAVA_BYTE, idEnd) != 0) {
                idEnd++;
            }
            entries.add(new Entry(
                    file.get(INT, position), file.get(INT, position + 4), decode(file, position + ID, idEnd)));
            position = idEnd + 1;
        }
        return List.copyOf(entries);
    }

    private static String decode(MemorySegment file, long start, long end) throws RafsFormatException {
        try {
            ByteBuffer bytes = file.asSlice(start, end - start).asByteBuffer();
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException e) {
            throw new RafsFormatException(NAME, start, "a blob id is no text", e);
        }
    }

    /** Writes a table at {@code offset}, where there are {@link #size(List)} zero bytes. */
    public static void write(MemorySegment file, long offset, List<Entry> entries) {
        long position = offset;
        for (Entry entry : entries) {
            byte[] id = entry.id().getBytes(StandardCharsets.UTF_8);
            file.set(INT, position, entry.prefetchOffset());
            file.set(INT, position + 4, entry.prefetchSize());
            MemorySegment.copy(id, 0, file, ValueLayout.JAVA_BYTE, position + ID, id.length);
            position += ID + id.length + 1;
        }
    }
}
