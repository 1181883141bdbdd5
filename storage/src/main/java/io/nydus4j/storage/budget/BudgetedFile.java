package io.nydus4j.storage.budget;

import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.FileStatus;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.linux.file.OpenFlags;
import io.nydus4j.linux.file.PosixFiles;
import io.nydus4j.storage.Pin;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jspecify.annotations.Nullable;

/**
 * A data file of a cache that is under a budget: data may be taken out of it wherever no {@link Pin} is. Shared by all blobs of this
 * process that use the file. Safe for use by several threads.
 */
public final class BudgetedFile {
    private static final Logger LOGGER = System.getLogger(BudgetedFile.class.getName());
    private static final int SECTOR = 512;
    private static final int MODE = 0644;
    private static final int ANYBODY_WRITES = 0222;
    /** Size of segments where chunks start at whole blocks. */
    private static final int ALIGNED_SEGMENT = 64 << 10;
    /** Size of segments elsewhere: the block that two of them share is never freed. */
    private static final int UNALIGNED_SEGMENT = 1 << 20;

    private final CacheBudget budget;
    private final Path path;
    private final Descriptor descriptor;
    private final SegmentPins pins;
    /** 1 for segments that may hold data. */
    private final AtomicIntegerArray filled;

    private final List<Member> members = new CopyOnWriteArrayList<>();
    /** Guarded by the budget's lock. */
    private int hand;
    /** Guarded by the budget's lock. */
    private long usedBytes;

    /** A blob that uses the file. */
    public interface Member {
        /**
         * Forgets the chunks that start in a range: they count as missing from now on, in memory and in the chunk map. Nobody holds them.
         *
         * @param start start of the range, in bytes
         * @param end   its end, in bytes
         * @return what the chunks take
         */
        Span forget(long start, long end);
    }

    /**
     * A range of bytes; empty if its end is not behind its start.
     *
     * @param start where it starts
     * @param end   where it ends
     */
    public record Span(long start, long end) {
        /** Nothing. */
        public static final Span EMPTY = new Span(0, 0);

        boolean isEmpty() {
            return end <= start;
        }

        Span and(Span other) {
            if (isEmpty() || other.isEmpty()) {
                return isEmpty() ? other : this;
            }
            return new Span(Math.min(start, other.start), Math.max(end, other.end));
        }
    }

    BudgetedFile(CacheBudget budget, Path path, long size, boolean aligned) throws IOException {
        this.budget = budget;
        this.path = path;
        this.descriptor = PosixFiles.open(
                Descriptor.WORKING_DIRECTORY,
                NativePath.bytes(path),
                OpenFlags.READ_WRITE | OpenFlags.CREATE | OpenFlags.CLOSE_ON_EXEC,
                MODE);
        this.pins = new SegmentPins(size, aligned ? ALIGNED_SEGMENT : UNALIGNED_SEGMENT);
        this.filled = new AtomicIntegerArray(pins.count());
        this.usedBytes = descriptor.status().blocks() * SECTOR;
    }

    /**
     * Tells whether a file is one that nobody may write, by its mode: its data is complete, and something may read it that asks nobody
     * before, so nothing may be taken out of it.
     */
    static boolean isSealed(FileStatus status) {
        return (status.mode() & ANYBODY_WRITES) == 0;
    }

    Path path() {
        return path;
    }

    /** Returns what all files of the cache may take, in bytes. */
    public long budgetBytes() {
        return budget.limit();
    }

    /** Adds a blob that uses the file; it is told what to forget until {@link #leave}. */
    public void join(Member member) {
        members.add(member);
    }

    /** Says that a blob which joined has all its files. */
    public void opened() {
        budget.opened();
    }

    /** Takes a blob away and, with the last one, the file. */
    public void leave(Member member) {
        budget.leave(this, () -> {
            members.remove(member);
            return members.isEmpty();
        });
    }

    /** Says that the file may hold a chunk which starts at an offset, in bytes. */
    public void mayHold(long offset) {
        filled.setOpaque(pins.segmentOf(offset), 1);
    }

    /**
     * Keeps chunks in the file until the pin is closed.
     *
     * @param first start of the first chunk, in bytes
     * @param last  start of the last chunk, in bytes
     */
    public Pin hold(long first, long last) {
        pins.hold(pins.segmentOf(first), pins.segmentOf(last));
        return new Held(pins, pins.segmentOf(first), pins.segmentOf(last));
    }

    /** Does the same as {@link #hold} without waiting; returns null if part of it is being taken away right now. */
    public @Nullable Pin tryHold(long first, long last) {
        return pins.tryHold(pins.segmentOf(first), pins.segmentOf(last))
                ? new Held(pins, pins.segmentOf(first), pins.segmentOf(last))
                : null;
    }

    /**
     * Makes room for chunks that are about to be written, and keeps them until the pin is closed. Takes other data away if need be,
     * which may wait for the disk.
     *
     * @param first     start of the first chunk, in bytes
     * @param last      start of the last chunk, in bytes
     * @param size      what is to be written, in bytes
     * @param forReader whether somebody waits for it: then it is written whatever the budget says; else there may be no room
     * @throws IOException if there is no room
     */
    public Pin write(long first, long last, long size, boolean forReader) throws IOException {
        budget.reserve(size, forReader);
        Pin held = hold(first, last);
        for (int segment = pins.segmentOf(first); segment <= pins.segmentOf(last); segment++) {
            filled.setOpaque(segment, 1);
        }
        return () -> {
            held.close();
            budget.wrote(this, size);
        };
    }

    /** Lets go of segments that are held. */
    private static final class Held implements Pin {
        private final SegmentPins pins;
        private final int first;
        private final int last;
        private final AtomicBoolean open = new AtomicBoolean(true);

        private Held(SegmentPins pins, int first, int last) {
            this.pins = pins;
            this.first = first;
            this.last = last;
        }

        @Override
        public void close() {
            if (open.compareAndSet(true, false)) {
                pins.release(first, last);
            }
        }
    }

    // What follows runs under the budget's lock.

    long usedBytes() {
        return usedBytes;
    }

    void measure() {
        try {
            usedBytes = descriptor.status().blocks() * SECTOR;
        } catch (IOException e) {
            LOGGER.log(Level.WARNING, "Cannot tell what " + path + " takes: " + e.getMessage());
        }
    }

    /** Tells whether the hand has come to the end of the file; it starts anew then. */
    boolean isAtEnd() {
        if (hand < pins.count()) {
            return false;
        }
        hand = 0;
        return true;
    }

    /**
     * Looks at the next segment, and takes its data away if nobody holds it and nobody used it since it was last looked at. A file that
     * is {@link #isSealed sealed} keeps all it has.
     *
     * @return bytes that this freed
     */
    long evictNext() {
        int segment = hand++;
        if (filled.getOpaque(segment) == 0 || pins.tire(segment) || !pins.claim(segment)) {
            return 0;
        }
        long before = usedBytes;
        try {
            if (isSealed(descriptor.status())) {
                return 0;
            }
            Span taken = Span.EMPTY;
            for (Member member : members) {
                taken = taken.and(member.forget(pins.startOf(segment), pins.startOf(segment + 1)));
            }
            filled.setOpaque(segment, 0);
            if (!taken.isEmpty()) {
                descriptor.punchHole(taken.start(), taken.end() - taken.start());
                measure();
            }
        } catch (IOException e) {
            LOGGER.log(Level.WARNING, "Cannot take data out of " + path + ": " + e.getMessage());
        } finally {
            pins.unclaim(segment);
        }
        return Math.max(before - usedBytes, 0);
    }

    void close() {
        try {
            descriptor.close();
        } catch (IOException e) {
            LOGGER.log(Level.WARNING, "Closing " + path + ": " + e.getMessage());
        }
    }
}
