package io.nydus4j.blob;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/** A source over a memory segment. */
record MemorySource(MemorySegment memory) implements PositionalSource {
    @Override
    public long size() {
        return memory.byteSize();
    }

    @Override
    public int readAt(long position, ByteBuffer target) {
        int count = Math.clamp(memory.byteSize() - position, 0, target.remaining());
        if (count > 0) {
            MemorySegment.ofBuffer(target).asSlice(0, count).copyFrom(memory.asSlice(position, count));
            target.position(target.position() + count);
        }
        return count;
    }
}
