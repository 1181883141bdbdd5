package io.nydus4j.linux.file;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.libc.Dirent;
import io.nydus4j.linux.libc.Scratch;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Lists directories by {@code getdents64}, names as raw bytes, in the file system's order. */
public final class DirectoryListing {
    private static final int TYPE_SHIFT = 12;

    private DirectoryListing() {}

    /** Takes the names of a directory one by one. */
    @FunctionalInterface
    public interface Visitor {
        /** Takes the next entry; {@code "."} and {@code ".."} never come. */
        void visit(DirectoryEntry entry) throws IOException;
    }

    /**
     * Lists a directory from its start.
     *
     * @param directory open for reading; its position moves
     * @return the entries without {@code "."} and {@code ".."}
     */
    public static List<DirectoryEntry> list(Descriptor directory) throws ErrnoException {
        List<DirectoryEntry> entries = new ArrayList<>();
        try (Scratch scratch = Scratch.take()) {
            directory.position(0);
            long length;
            while ((length = fill(scratch, directory)) > 0) {
                parse(scratch, length, entries);
            }
        }
        return entries;
    }

    /**
     * Visits a directory from its start, without holding all of its names.
     *
     * @param directory open for reading; its position moves, so the visitor leaves it alone
     */
    public static void visit(Descriptor directory, Visitor visitor) throws IOException {
        directory.position(0);
        List<DirectoryEntry> block = new ArrayList<>();
        while (true) {
            try (Scratch scratch = Scratch.take()) { // not held while the visitor works
                long length = fill(scratch, directory);
                if (length == 0) {
                    return;
                }
                parse(scratch, length, block);
            }
            for (DirectoryEntry entry : block) {
                visitor.visit(entry);
            }
            block.clear();
        }
    }

    private static long fill(Scratch scratch, Descriptor directory) throws ErrnoException {
        return Descriptor.check(
                "getdents64", Dirent.getdents64(scratch, directory.number(), scratch.data(), Scratch.DATA_SIZE));
    }

    /** Parses records of: inode number 8, cookie 8, record length 2, type 1, name and NULs. */
    private static void parse(Scratch scratch, long length, List<DirectoryEntry> entries) {
        MemorySegment memory = scratch.memory();
        long record = scratch.dataOffset();
        long end = record + length;
        while (record < end) {
            int recordLength = Short.toUnsignedInt(memory.get(JAVA_SHORT, record + 16));
            long name = record + 19;
            int nameLength = 0;
            while (memory.get(JAVA_BYTE, name + nameLength) != 0) {
                nameLength++;
            }
            if (!isDots(memory, name, nameLength)) {
                byte[] bytes = new byte[nameLength];
                MemorySegment.copy(memory, JAVA_BYTE, name, bytes, 0, nameLength);
                int type = Byte.toUnsignedInt(memory.get(JAVA_BYTE, record + 18)) << TYPE_SHIFT;
                entries.add(new DirectoryEntry(bytes, type, memory.get(JAVA_LONG, record)));
            }
            record += recordLength;
        }
    }

    private static boolean isDots(MemorySegment memory, long name, int length) {
        return length <= 2
                && memory.get(JAVA_BYTE, name) == '.'
                && (length == 1 || memory.get(JAVA_BYTE, name + 1) == '.');
    }
}
