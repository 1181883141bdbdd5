package io.nydus4j.linux.fuse;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * How many look-ups the kernel was given and has not taken back, by the upper byte of the node id. Where it is 0 the kernel knows no
 * node with that byte, nor has any file of them open. Safe for use by several threads.
 */
final class NodeLookups {
    private static final int SHIFT = 56;

    private final AtomicLongArray counts = new AtomicLongArray(256);

    void given(long nodeId) {
        counts.getAndIncrement((int) (nodeId >>> SHIFT));
    }

    void takenBack(long nodeId, long lookups) {
        counts.getAndAdd((int) (nodeId >>> SHIFT), -lookups);
    }

    long count(int upperByte) {
        return counts.get(upperByte);
    }
}
