package io.nydus4j.linux.fanotify;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * A reader that the kernel holds back, as it tells of it. Native byte order:
 *
 * <pre>
 *   off size name
 *     0    4 length of the event with its information records
 *     4    1 version, 3
 *     6    2 length of this part, 24
 *     8    8 mask
 *    16    4 descriptor of the file, by whose number the answer is matched; negative if there is none
 *    20    4 thread that reads
 *   then information records: type (1), 0 (1), length (2); of type 6: 0 (4), offset (8), count (8)
 * </pre>
 * Mirrors {@code fanotify_event_metadata} and {@code fanotify_event_info_range} of the kernel.
 *
 * @param mask       what happens, bits of {@link PreContentGroup}
 * @param descriptor number of an open descriptor of the file, owned by whoever read the event; negative if there is none
 * @param thread     the thread that reads
 * @param offset     start of the range that it is about to read, in bytes
 * @param count      length of the range in bytes, may reach past the end of the file; 0 if the kernel did not say
 */
public record PreContentEvent(long mask, int descriptor, int thread, long offset, long count) {
    /** Room that one event takes at most, in bytes; too little for two if one has a range. */
    public static final int SIZE = 64;

    /** Room for one event without a range and too little for another, in bytes. */
    static final int SHORT_SIZE = 40;

    private static final int METADATA_SIZE = 24;
    private static final byte VERSION = 3;
    private static final byte RANGE = 6;
    private static final int RANGE_SIZE = 24;

    /**
     * Reads an event.
     *
     * @param memory at least {@value #SIZE} bytes, as {@link PreContentGroup#read} filled them
     * @throws IllegalStateException if the kernel speaks another version
     */
    public static PreContentEvent parse(MemorySegment memory) {
        int length = memory.get(JAVA_INT_UNALIGNED, 0);
        if (memory.get(JAVA_BYTE, 4) != VERSION || length < METADATA_SIZE || length > memory.byteSize()) {
            throw new IllegalStateException("expected a fanotify event of version " + VERSION + ", found version "
                    + memory.get(JAVA_BYTE, 4) + " and length " + length);
        }
        long offset = 0;
        long count = 0;
        int record = Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, 6));
        while (record + 4 <= length) {
            int recordLength = Short.toUnsignedInt(memory.get(JAVA_SHORT_UNALIGNED, record + 2L));
            if (memory.get(JAVA_BYTE, record) == RANGE && record + RANGE_SIZE <= length) {
                offset = memory.get(JAVA_LONG_UNALIGNED, record + 8L);
                count = memory.get(JAVA_LONG_UNALIGNED, record + 16L);
            }
            if (recordLength < 4) {
                break;
            }
            record += recordLength;
        }
        return new PreContentEvent(
                memory.get(JAVA_LONG_UNALIGNED, 8),
                memory.get(JAVA_INT_UNALIGNED, 16),
                memory.get(JAVA_INT_UNALIGNED, 20),
                offset,
                count);
    }

    /** Tells whether somebody waits for an answer; else the event only tells what has happened. */
    public boolean asks() {
        return descriptor >= 0 && (mask & (PreContentGroup.PRE_ACCESS | PreContentGroup.OPEN)) != 0;
    }
}
