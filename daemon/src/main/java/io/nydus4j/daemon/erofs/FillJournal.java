package io.nydus4j.daemon.erofs;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.nydus4j.linux.fanotify.PreContentEvent;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.linux.file.PosixFiles;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * The readers that have been heard of and wait for their answer, and those that were let through and may still be reading, in a mapped
 * file: it survives a killed daemon, and its successor answers them and keeps what they read. The kernel writes events straight into it,
 * so that none is delivered and unrecorded. Native byte order:
 *
 * <pre>
 *   off  size name
 *     0     8 magic, "nydusjnl"
 *     8     4 version, 1
 *    12     4 number of slots
 *    16     4 1 if some readers that were let through have no slot; 0 otherwise
 *   128  128n slots: event as the kernel wrote it (64), its first word 0 if the slot is free;
 *             device (8) and inode (8) of the file, 0 as long as it was not looked at;
 *             1 if the reader was let through, else 0 (4); 44 bytes of zeros
 * </pre>
 * Each slot is used by one thread at a time, all else by one thread, except for {@link #overflow}.
 */
final class FillJournal implements AutoCloseable {
    private static final long MAGIC = 0x6C6E_6A73_7564_796EL;
    private static final int VERSION = 1;
    private static final int VERSION_OFFSET = 8;
    private static final int COUNT_OFFSET = 12;
    private static final int OVERFLOW_OFFSET = 16;
    private static final int SLOT_SIZE = 128;
    private static final int FILE_OFFSET = PreContentEvent.SIZE;
    private static final int PASSED_OFFSET = FILE_OFFSET + 2 * Long.BYTES;
    private static final VarHandle WORD = JAVA_INT.varHandle();

    private final Arena arena;
    private final MemorySegment memory;
    private final int count;

    private FillJournal(Arena arena, MemorySegment memory, int count) {
        this.arena = arena;
        this.memory = memory;
        this.count = count;
    }

    /** Room for one reader. */
    static final class Slot {
        private final MemorySegment memory;

        private Slot(MemorySegment memory) {
            this.memory = memory;
        }

        /** Returns where the kernel writes an event. */
        MemorySegment event() {
            return memory.asSlice(0, PreContentEvent.SIZE);
        }

        /** Tells whether no reader is here. */
        boolean isFree() {
            return (int) WORD.getVolatile(memory, 0L) == 0;
        }

        /** Notes which file the reader reads. */
        void setFile(FileId file) {
            memory.set(JAVA_LONG, FILE_OFFSET, file.device());
            memory.set(JAVA_LONG, FILE_OFFSET + Long.BYTES, file.inode());
        }

        /** Returns which file the reader reads; zeros if the process died before it looked. */
        FileId file() {
            return new FileId(memory.get(JAVA_LONG, FILE_OFFSET), memory.get(JAVA_LONG, FILE_OFFSET + Long.BYTES));
        }

        /** Says that the reader was let through, and may be reading. */
        void pass() {
            WORD.setVolatile(memory, (long) PASSED_OFFSET, 1);
        }

        /** Tells whether the reader was let through. */
        boolean isPassed() {
            return (int) WORD.getVolatile(memory, (long) PASSED_OFFSET) != 0;
        }

        /** Says that nothing is to be done for the reader any more: all of it by one word, lest half of it be seen. */
        void free() {
            WORD.setVolatile(memory, 0L, 0);
        }

        /** Gets a free slot ready for the next reader. */
        void clear() {
            memory.set(JAVA_LONG, FILE_OFFSET, 0);
            memory.set(JAVA_LONG, FILE_OFFSET + Long.BYTES, 0);
            WORD.setVolatile(memory, (long) PASSED_OFFSET, 0);
        }
    }

    /**
     * Opens a journal; makes it if there is none, or one that cannot be read.
     *
     * @param file  its path
     * @param count number of slots it has then; one with more cannot be read
     * @throws IOException if it cannot be opened, or there is no room for all its slots: the kernel refuses readers who find none
     */
    static FillJournal open(Path file, int count) throws IOException {
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE)) {
            Arena arena = Arena.ofShared();
            try {
                boolean isNew = channel.size() == 0;
                long size = (count + 1L) * SLOT_SIZE;
                PosixFiles.reserve(NativePath.bytes(file), size);
                MemorySegment memory = channel.map(MapMode.READ_WRITE, 0, size, arena);
                int found = memory.get(JAVA_INT, COUNT_OFFSET);
                boolean known = memory.get(JAVA_LONG, 0) == MAGIC
                        && memory.get(JAVA_INT, VERSION_OFFSET) == VERSION
                        && found > 0
                        && found <= count;
                if (!known && !isNew) {
                    memory.fill((byte) 0);
                }
                memory.set(JAVA_INT, VERSION_OFFSET, VERSION);
                memory.set(JAVA_INT, COUNT_OFFSET, count);
                memory.set(JAVA_LONG, 0, MAGIC);
                return new FillJournal(arena, memory, count);
            } catch (IOException | RuntimeException e) {
                arena.close();
                throw e;
            }
        }
    }

    /** Returns the number of slots. */
    int count() {
        return count;
    }

    /** Returns a slot by its index; to be called once for each that is used. */
    Slot slot(int index) {
        return new Slot(memory.asSlice((index + 1L) * SLOT_SIZE, SLOT_SIZE));
    }

    /** Returns all slots. */
    List<Slot> slots() {
        List<Slot> slots = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            slots.add(slot(i));
        }
        return slots;
    }

    /** Notes for good that some readers were let through and have no slot. */
    void overflow() {
        WORD.setVolatile(memory, (long) OVERFLOW_OFFSET, 1);
    }

    /** Tells whether some readers that were let through have no slot, so that nobody knows what they read. */
    boolean isOverflown() {
        return (int) WORD.getVolatile(memory, (long) OVERFLOW_OFFSET) != 0;
    }

    @Override
    public void close() {
        arena.close();
    }
}
