package io.nydus4j.build.write;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** Small chunks that are compressed together. */
final class Batch {
    private byte[] plain = new byte[0];
    private int length;

    /** Bytes it takes when stored; set when it has been compressed. */
    int storedLength;

    /** Returns the plain bytes so far. */
    int length() {
        return length;
    }

    /** Appends a chunk and returns where it starts. */
    int add(MemorySegment chunk) {
        int start = length;
        int size = (int) chunk.byteSize();
        if (start + size > plain.length) {
            plain = Arrays.copyOf(plain, Math.max(start + size, 2 * plain.length));
        }
        MemorySegment.copy(chunk, ValueLayout.JAVA_BYTE, 0, plain, start, size);
        length += size;
        return start;
    }

    MemorySegment plain() {
        return MemorySegment.ofArray(plain).asSlice(0, length);
    }
}
