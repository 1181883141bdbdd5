package io.nydus4j.build;

import io.nydus4j.build.write.OutputFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Gathers small writes to a file. Not safe for use by several threads; does not close the file. */
final class BufferedOutput implements AutoCloseable {
    private static final int SIZE = 1 << 20;

    private final OutputFile file;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment buffer = arena.allocate(SIZE);
    private long filled;

    BufferedOutput(OutputFile file) {
        this.file = file;
    }

    void write(MemorySegment bytes) throws IOException {
        if (bytes.byteSize() > SIZE - filled) {
            flush();
        }
        if (bytes.byteSize() > SIZE) {
            file.write(bytes);
        } else {
            buffer.asSlice(filled, bytes.byteSize()).copyFrom(bytes);
            filled += bytes.byteSize();
        }
    }

    /** Passes on what is gathered. */
    void flush() throws IOException {
        file.write(buffer.asSlice(0, filled));
        filled = 0;
    }

    /** Frees the buffer; what was not flushed is lost. */
    @Override
    public void close() {
        arena.close();
    }
}
