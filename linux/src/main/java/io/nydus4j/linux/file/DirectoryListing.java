package io.nydus4j.linux.file;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.libc.Dirent;
import io.nydus4j.linux.libc.Scratch;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Lists directories by {@code getdents64}, names as raw bytes, in the file system's order. */
public final class DirectoryListing {
    private static final int TYPE_SHIFT = 12;
    private static final int NAME_OFFSET = 19;
    /** Room for any entry, and more. */
    private static final int LEAST_BYTES = 4096;

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
            while ((length = fill(scratch, directory, Scratch.DATA_SIZE)) > 0) {
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
        visitFrom(directory, 0, Scratch.DATA_SIZE, entry -> {
            visitor.visit(entry);
            return true;
        });
    }

    /** Takes the names of a directory one by one, until it has enough. */
    @FunctionalInterface
    public interface Taker {
        /** Takes the next entry; {@code "."} and {@code ".."} never come. Returns whether it takes more. */
        boolean take(DirectoryEntry entry) throws IOException;
    }

    /**
     * Visits the part of a directory that follows an entry.
     *
     * @param directory open for reading; its position moves, so the taker leaves it alone
     * @param place     0 for the start, or {@link DirectoryEntry#next} of an entry, which may come from another open of the directory
     * @param bytes     about how much the taker takes at most, so that no more is read than that
     */
    public static void visitFrom(Descriptor directory, long place, int bytes, Taker taker) throws IOException {
        directory.position(place);
        int capacity = Math.clamp(bytes, LEAST_BYTES, Scratch.DATA_SIZE);
        List<DirectoryEntry> block = new ArrayList<>();
        while (true) {
            try (Scratch scratch = Scratch.take()) { // not held while the taker works
                long length = fill(scratch, directory, capacity);
                if (length == 0) {
                    return;
                }
                parse(scratch, length, block);
            }
            for (DirectoryEntry entry : block) {
                if (!taker.take(entry)) {
                    return;
                }
            }
            block.clear();
        }
    }

    private static long fill(Scratch scratch, Descriptor directory, int capacity) throws ErrnoException {
        return Descriptor.check("getdents64", Dirent.getdents64(scratch, directory.number(), scratch.data(), capacity));
    }

    /** Parses records of: inode number 8, cookie 8, record length 2, type 1, name and NULs. */
    private static void parse(Scratch scratch, long length, List<DirectoryEntry> entries) {
        // On the heap: each look at native memory takes long until it is compiled.
        byte[] block = new byte[(int) length];
        MemorySegment.copy(scratch.memory(), JAVA_BYTE, scratch.dataOffset(), block, 0, block.length);
        ByteBuffer records = ByteBuffer.wrap(block).order(ByteOrder.nativeOrder());
        for (int record = 0; record < block.length; ) {
            int name = record + NAME_OFFSET;
            int nameEnd = name;
            while (block[nameEnd] != 0) {
                nameEnd++;
            }
            if (!isDots(block, name, nameEnd - name)) {
                int type = Byte.toUnsignedInt(block[record + 18]) << TYPE_SHIFT;
                entries.add(new DirectoryEntry(
                        Arrays.copyOfRange(block, name, nameEnd),
                        type,
                        records.getLong(record),
                        records.getLong(record + 8)));
            }
            record += Short.toUnsignedInt(records.getShort(record + 16));
        }
    }

    private static boolean isDots(byte[] block, int name, int length) {
        return length <= 2 && block[name] == '.' && (length == 1 || block[name + 1] == '.');
    }
}
