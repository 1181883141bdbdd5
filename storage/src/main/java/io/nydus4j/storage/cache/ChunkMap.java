package io.nydus4j.storage.cache;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.linux.file.PosixFiles;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;

/**
 * The file that says which chunks of a cache file are there, mapped into memory and shared with other processes.
 *
 * <p>On disk (little-endian):
 * <pre>
 *   off  size name
 *     0     4 magic, 0x424D4150
 *     4     4 version, 1
 *     8     4 second magic, 0x434D4150
 *    12     4 0, or 0x4D4D4150 if all chunks are there, whatever the bits say
 *    16  4080 zero
 *  4096     n one bit for each chunk, the first in the highest bit of the first byte
 * </pre>
 * Mirrors {@code PersistMap} of the reference, version 1, and is exchanged with it.
 *
 * <p>Bits change by atomic operations on whole words, except those in up to three bytes behind the last whole word, where another
 * process may undo a change that happens at the same moment. A bit that is lost this way costs a second fetch; none can come up by it
 * that the other process had not set itself. Safe for use by several threads until it is closed.
 */
public final class ChunkMap implements ChunkMarks {
    /** What file names of chunk maps end in. */
    public static final String SUFFIX = ".chunk_map";

    private static final int HEADER_SIZE = 4096;
    private static final int MAGIC = 0x424D4150;
    private static final int MAGIC2 = 0x434D4150;
    private static final int ALL_READY = 0x4D4D4150;
    private static final int VERSION = 1;
    private static final int VERSION_OFFSET = 4;
    private static final int MAGIC2_OFFSET = 8;
    private static final int ALL_READY_OFFSET = 12;

    private static final ValueLayout.OfInt WORD = ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle WORDS = WORD.varHandle();
    private static final VarHandle BYTES = ValueLayout.JAVA_BYTE.varHandle();

    private final int count;
    private final Arena arena;
    private final MemorySegment map;
    /** Where the bytes behind the last whole word start. */
    private final long tail;
    /** Guards changes of the bytes behind the last whole word within this process. */
    private final Object tailLock = new Object();

    private ChunkMap(int count, Arena arena, MemorySegment map) {
        this.count = count;
        this.arena = arena;
        this.map = map;
        this.tail = map.byteSize() & -4L;
    }

    /**
     * Opens a chunk map; makes it if there is none.
     *
     * @param file  its path
     * @param count number of chunks, at least 1
     * @throws RafsFormatException if the file is of another blob, or no chunk map
     * @throws IOException         if it cannot be read or written
     */
    static ChunkMap open(Path file, int count) throws IOException {
        long size = HEADER_SIZE + (count + 7L) / 8;
        try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
            if (access.length() == 0) {
                access.setLength(size);
            }
            if (access.length() != size) {
                throw broken(file, 0, "expected " + size + " bytes for " + count + " chunks, found " + access.length());
            }
            PosixFiles.reserve(NativePath.bytes(file), size);
            Arena arena = Arena.ofShared();
            try {
                MemorySegment map = access.getChannel().map(FileChannel.MapMode.READ_WRITE, 0, size, arena);
                ChunkMap chunks = new ChunkMap(count, arena, map);
                chunks.readHeader(file);
                return chunks;
            } catch (IOException | RuntimeException e) {
                arena.close();
                throw e;
            }
        }
    }

    /**
     * What a chunk map said at one moment.
     *
     * @param complete whether it says that all chunks are there, whatever the bits say
     * @param ready    the chunks whose bit is set
     */
    public record Snapshot(boolean complete, BitSet ready) {}

    /**
     * Reads a chunk map without opening it for use.
     *
     * @throws RafsFormatException if it is no chunk map
     * @throws IOException         if it cannot be read
     */
    public static Snapshot read(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        MemorySegment map = MemorySegment.ofArray(bytes);
        ValueLayout.OfInt word = WORD.withByteAlignment(1);
        if (bytes.length <= HEADER_SIZE || map.get(word, 0) != MAGIC || map.get(word, MAGIC2_OFFSET) != MAGIC2) {
            throw broken(file, 0, "not a chunk map");
        }
        BitSet ready = new BitSet();
        for (int i = 0; i < (bytes.length - HEADER_SIZE) * 8; i++) {
            if ((bytes[HEADER_SIZE + i / 8] & 0x80 >> i % 8) != 0) {
                ready.set(i);
            }
        }
        return new Snapshot(map.get(word, ALL_READY_OFFSET) == ALL_READY, ready);
    }

    private void readHeader(Path file) throws IOException {
        int magic = map.get(WORD, 0);
        if (magic != MAGIC) {
            if (!isZero()) {
                throw broken(file, 0, "expected magic 0x424d4150, found 0x" + Integer.toHexString(magic));
            }
            // The magic comes last: who sees it sees the rest.
            map.set(WORD, VERSION_OFFSET, VERSION);
            map.set(WORD, MAGIC2_OFFSET, MAGIC2);
            WORDS.setVolatile(map, 0L, MAGIC);
            map.force();
            return;
        }
        int version = map.get(WORD, VERSION_OFFSET);
        int magic2 = map.get(WORD, MAGIC2_OFFSET);
        if (version != 0 && magic2 != MAGIC2) {
            throw broken(file, MAGIC2_OFFSET, "expected magic 0x434d4150, found 0x" + Integer.toHexString(magic2));
        }
    }

    private boolean isZero() {
        for (long i = 0; i < map.byteSize(); i++) {
            if (map.get(ValueLayout.JAVA_BYTE, i) != 0) {
                return false;
            }
        }
        return true;
    }

    @Override
    public boolean isSet(int index) {
        return ((byte) BYTES.getVolatile(map, HEADER_SIZE + (long) (index >>> 3)) & 0x80 >> (index & 7)) != 0
                || isComplete();
    }

    @Override
    public void set(int index) {
        change(index, true);
    }

    @Override
    public void clear(int index) {
        change(index, false);
        if (isComplete()) {
            WORDS.setVolatile(map, (long) ALL_READY_OFFSET, 0);
        }
    }

    private void change(int index, boolean value) {
        long place = HEADER_SIZE + (long) (index >>> 3);
        int bit = 0x80 >> (index & 7);
        if (place < tail) {
            int mask = bit << (((int) place & 3) << 3);
            if (value) {
                int _ = (int) WORDS.getAndBitwiseOr(map, place & -4L, mask);
            } else {
                int _ = (int) WORDS.getAndBitwiseAnd(map, place & -4L, ~mask);
            }
            return;
        }
        synchronized (tailLock) {
            byte old = (byte) BYTES.getVolatile(map, place);
            BYTES.setVolatile(map, place, (byte) (value ? old | bit : old & ~bit));
        }
    }

    @Override
    public void clearAll() {
        WORDS.setVolatile(map, (long) ALL_READY_OFFSET, 0);
        map.asSlice(HEADER_SIZE).fill((byte) 0);
    }

    @Override
    public void complete() {
        map.force();
        WORDS.setVolatile(map, (long) ALL_READY_OFFSET, ALL_READY);
        map.force();
    }

    @Override
    public boolean isComplete() {
        return (int) WORDS.getVolatile(map, (long) ALL_READY_OFFSET) == ALL_READY;
    }

    @Override
    public boolean isFull() {
        long set = 0;
        for (long i = HEADER_SIZE; i < map.byteSize(); i++) {
            set += Integer.bitCount(map.get(ValueLayout.JAVA_BYTE, i) & 0xFF);
        }
        return set >= count;
    }

    @Override
    public void close() {
        arena.close();
    }

    private static RafsFormatException broken(Path file, long offset, String problem) {
        return new RafsFormatException("chunk map " + file, offset, problem);
    }
}
