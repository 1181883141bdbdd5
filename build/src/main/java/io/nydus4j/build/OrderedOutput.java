package io.nydus4j.build;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.build.write.OutputFile;
import io.nydus4j.rafs.Inode;
import io.nydus4j.storage.device.BlobDevice;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.LongConsumer;

/**
 * Writes a file from front to back, while other threads read and decode the file data that goes into it. Memory is bounded: a few stretches
 * of a megabyte for each thread. Not safe for use by several threads; does not close the file.
 */
final class OrderedOutput implements AutoCloseable {
    /** Bytes that are read by one thread and written at once. */
    private static final int STRETCH = 1 << 20;

    private static final int STRETCHES_PER_THREAD = 3;

    /** Part of a file that goes to a place in a stretch. */
    private record Piece(Inode inode, long position, int offset, int length) {}

    /** A stretch of the output; its bytes are complete when its pieces are read. */
    private static final class Stretch {
        private final MemorySegment memory;
        private final List<Piece> pieces = new ArrayList<>();
        private int filled;

        private Stretch(MemorySegment memory) {
            this.memory = memory;
        }
    }

    private record Pending(Stretch stretch, Future<?> reading) {}

    private final OutputFile file;
    private final BlobDevice data;
    private final LongConsumer progress;
    private final Arena arena = Arena.ofShared();
    private final ExecutorService readers;
    private final Deque<Stretch> free = new ArrayDeque<>();
    private final Deque<Pending> pending = new ArrayDeque<>();
    private Stretch current;

    /**
     * Starts at the position of a file.
     *
     * @param data     gives the data; closed by the caller, later than this
     * @param threads  number of threads that read, at least 1
     * @param progress hears how long the file is, on the calling thread
     */
    OrderedOutput(OutputFile file, BlobDevice data, int threads, LongConsumer progress) {
        this.file = file;
        this.data = data;
        this.progress = progress;
        this.readers = Executors.newFixedThreadPool(
                threads, Thread.ofPlatform().daemon().name("unpack-", 0).factory());
        for (int i = 0; i < threads * STRETCHES_PER_THREAD; i++) {
            free.add(new Stretch(arena.allocate(STRETCH)));
        }
        current = new Stretch(arena.allocate(STRETCH));
    }

    /** Appends bytes, which the caller may change afterwards. */
    void write(MemorySegment bytes) throws IOException {
        for (long done = 0; done < bytes.byteSize(); ) {
            int length = room(bytes.byteSize() - done);
            MemorySegment.copy(bytes, done, current.memory, current.filled, length);
            current.filled += length;
            done += length;
        }
    }

    /**
     * Appends all data of a file, which is read later.
     *
     * @throws IOException if data that was appended earlier could not be read, or the file not be written
     */
    void data(Inode inode) throws IOException {
        long size = inode.size();
        for (long position = 0; position < size; ) {
            int length = room(size - position);
            current.pieces.add(new Piece(inode, position, current.filled, length));
            current.filled += length;
            position += length;
        }
    }

    /** Returns how many of {@code wanted} bytes, at least one, go into the current stretch, which is a new one if the last was full. */
    private int room(long wanted) throws IOException {
        if (current.filled == STRETCH) {
            submit();
            Stretch next = free.poll();
            current = next != null ? next : writeOldest();
        }
        return (int) Math.min(wanted, STRETCH - current.filled);
    }

    private void submit() {
        Stretch stretch = current;
        pending.add(new Pending(stretch, readers.submit(() -> {
            read(stretch);
            return null;
        })));
    }

    private void read(Stretch stretch) throws IOException {
        for (Piece piece : stretch.pieces) {
            ByteBuffer target =
                    stretch.memory.asSlice(piece.offset, piece.length).asByteBuffer();
            while (target.hasRemaining()) {
                long position = piece.position + target.position();
                if (data.read(piece.inode, position, target) == 0) {
                    throw new RafsFormatException(
                            "inode " + piece.inode.ino(),
                            -1,
                            "ends after " + position + " bytes, not " + piece.inode.size());
                }
            }
        }
    }

    /** Writes the oldest stretch when it has been read, and returns it empty. */
    private Stretch writeOldest() throws IOException {
        Pending oldest = pending.remove();
        try {
            oldest.reading.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (InterruptedIOException) new InterruptedIOException("interrupted").initCause(e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException cause ? cause : new IOException(e.getCause());
        }
        Stretch stretch = oldest.stretch;
        file.write(stretch.memory.asSlice(0, stretch.filled));
        progress.accept(file.position());
        stretch.pieces.clear();
        stretch.filled = 0;
        return stretch;
    }

    /** Writes all that was appended. */
    void flush() throws IOException {
        submit();
        while (!pending.isEmpty()) {
            current = writeOldest();
        }
    }

    /** Ends the threads and frees the memory; what was not flushed is lost. */
    @Override
    public void close() {
        pending.forEach(part -> part.reading.cancel(true));
        readers.close();
        arena.close();
    }
}
