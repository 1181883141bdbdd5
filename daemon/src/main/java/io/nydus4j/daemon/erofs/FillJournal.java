package io.nydus4j.daemon.erofs;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.nydus4j.linux.fanotify.PreContentEvent;
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
 * The readers that have been heard of and wait for their answer, in a mapped file: it survives a killed daemon, and its successor
 * answers them. The kernel writes events straight into it, so that none is delivered and unrecorded. Native byte order:
 *
 * <pre>
 *   off  size name
 *     0     8 magic, "nydusjnl"
 *     8     4 version, 1
 *    12     4 number of slots
 *   128  128n slots: event as the kernel wrote it (64), its first word 0 if the slot is free;
 *             device (8) and inode (8) of the file, 0 as long as it was not looked at; 48 bytes of zeros
 * </pre>
 * Used by one thread, except for {@link Slot#free}.
 */
final class FillJournal implements AutoCloseable {
    private static final long MAGIC = 0x6C6E_6A73_7564_796EL;
    private static final int VERSION = 1;
    private static final int SLOT_SIZE = 128;
    private static final int FILE_OFFSET = PreContentEvent.SIZE;
    private static final VarHandle WORD = JAVA_INT.varHandle();

    private final Arena arena;
    private final List<Slot> slots = new ArrayList<>();

    private FillJournal(Arena arena, MemorySegment memory, int count) {
        this.arena = arena;
        for (int i = 0; i < count; i++) {
            slots.add(new Slot(memory.asSlice((i + 1L) * SLOT_SIZE, SLOT_SIZE)));
        }
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

        /** Tells whether no reader waits here. */
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

        /** Says that the reader has its answer. */
        void free() {
            memory.set(JAVA_LONG, FILE_OFFSET, 0);
            memory.set(JAVA_LONG, FILE_OFFSET + Long.BYTES, 0);
            WORD.setVolatile(memory, 0L, 0);
        }
    }

    /**
     * Opens a journal; makes it if there is none, or one that cannot be read.
     *
     * @param file  its path
     * @param count number of slots, if it is made
     */
    static FillJournal open(Path file, int count) throws IOException {
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE)) {
            Arena arena = Arena.ofShared();
            try {
                long size = (count + 1L) * SLOT_SIZE;
                MemorySegment memory = channel.map(MapMode.READ_WRITE, 0, size, arena);
                boolean known = memory.get(JAVA_LONG, 0) == MAGIC
                        && memory.get(JAVA_INT, 8) == VERSION
                        && memory.get(JAVA_INT, 12) == count;
                if (!known) {
                    memory.fill((byte) 0);
                    memory.set(JAVA_INT, 8, VERSION);
                    memory.set(JAVA_INT, 12, count);
                    memory.set(JAVA_LONG, 0, MAGIC);
                }
                return new FillJournal(arena, memory, count);
            } catch (IOException | RuntimeException e) {
                arena.close();
                throw e;
            }
        }
    }

    /** Returns all slots. */
    List<Slot> slots() {
        return slots;
    }

    @Override
    public void close() {
        arena.close();
    }
}
