package io.nydus4j.blob.digest;

import io.nydus4j.blob.Digest;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * BLAKE3 in its default hash mode with 32 bytes of output, in one shot or in pieces.
 *
 * <p>BLAKE3 cuts its input into chunks of 1024 bytes and joins their chaining values in a binary tree. Chunks do not depend on each
 * other, and neither do the parents of one level, so up to {@value Blake3Rows#WIDE} of them are computed side by side by
 * {@link Blake3Rows}, in loops that the JIT turns into vector instructions; only what is left over takes the scalar way of
 * {@link Blake3Block}.
 *
 * <p>An instance is reusable, holds about 100 KiB and allocates nothing per digest but the result. Not safe for use by several threads.
 */
public final class Blake3 {
    /** Length of a chunk, in bytes. */
    static final int CHUNK = 1024;

    /** Chunks of the largest subtree that is reduced at once. */
    private static final int SUBTREE_CHUNKS = 1024;

    private static final int SUBTREE = SUBTREE_CHUNKS * CHUNK;

    /** Where the chaining values of a group of pieces rest: behind those of each piece, which is short. */
    private static final int GROUP_VALUES = SUBTREE_CHUNKS - Blake3Rows.WIDE;

    /** Depth of the tree over 2^64 bytes. */
    private static final int MAX_DEPTH = 54;

    private final Blake3Block block = new Blake3Block();
    private final Blake3Rows rows = new Blake3Rows(SUBTREE_CHUNKS);

    /** Chaining values of complete subtrees, the largest first, 8 words each. */
    private final int[] stack = new int[8 * MAX_DEPTH];

    private int depth;

    /** Complete chunks that went into {@link #stack}. */
    private long chunks;

    /** The chunk being filled; when full it stays here until it is known that more follows. */
    private final byte[] pending = new byte[CHUNK];

    private int pendingLength;

    /** Heap copy of what comes from native memory; made at first need. */
    private byte[] staging = new byte[0];

    private final int[] value = new int[16];

    /** Makes a hasher that has seen no input. */
    public Blake3() {}

    /**
     * Digests one piece of memory, whatever was fed before: the instance is reset before and after.
     *
     * @param data   holds the input
     * @param offset start of the input in {@code data}, in bytes
     * @param length length of the input in bytes, at least 0
     * @throws IndexOutOfBoundsException if the range does not lie in {@code data}
     */
    public Digest digest(byte[] data, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, data.length);
        reset();
        if (length <= CHUNK) {
            return rootOfChunk(data, offset, length);
        }
        int position = offset;
        int left = length;
        while (left > SUBTREE) {
            push(data, position, SUBTREE_CHUNKS);
            position += SUBTREE;
            left -= SUBTREE;
        }
        return finish(data, position, left);
    }

    /**
     * Digests one segment, on or off the heap, whatever was fed before: the instance is reset before and after.
     *
     * @param data the whole input
     */
    public Digest digest(MemorySegment data) {
        if (data.heapBase().orElse(null) instanceof byte[] array && data.byteSize() <= Integer.MAX_VALUE) {
            return digest(array, Math.toIntExact(data.address()), (int) data.byteSize());
        }
        reset();
        long position = 0;
        long left = data.byteSize();
        ensureStaging((int) Math.min(left, SUBTREE));
        while (left > SUBTREE) {
            MemorySegment.copy(data, ValueLayout.JAVA_BYTE, position, staging, 0, SUBTREE);
            push(staging, 0, SUBTREE_CHUNKS);
            position += SUBTREE;
            left -= SUBTREE;
        }
        MemorySegment.copy(data, ValueLayout.JAVA_BYTE, position, staging, 0, (int) left);
        if (position == 0 && left <= CHUNK) {
            return rootOfChunk(staging, 0, (int) left);
        }
        return finish(staging, 0, (int) left);
    }

    /**
     * Digests pieces of memory that lie one behind the other, each for itself, whatever was fed before: the instance is reset before and
     * after. Chunks of several short pieces are computed side by side, which makes those several times as fast.
     *
     * @param data    holds the pieces
     * @param ends    where each piece ends, in bytes from the start of {@code data}; the next one starts there, the first at 0
     * @param count   number of pieces
     * @param digests takes a digest for each
     */
    public void digestAll(MemorySegment data, int[] ends, int count, Digest[] digests) {
        int start = 0;
        for (int first = 0; first < count; ) {
            int next = groupFrom(start, ends, first, count);
            if (next - first < 2) {
                digests[first] = digest(data.asSlice(start, ends[first] - start));
                next = first + 1;
            } else {
                digestGroup(data, start, ends, first, next, digests);
            }
            start = ends[next - 1];
            first = next;
        }
    }

    /** Returns the piece behind the last that goes with the one at {@code first}: as long as all their whole chunks have a lane. */
    private static int groupFrom(int start, int[] ends, int first, int count) {
        int lanes = 0;
        int next = first;
        for (int from = start; next < count; from = ends[next++]) {
            lanes += wholeChunks(ends[next] - from);
            if (lanes > Blake3Rows.WIDE || ends[next] - start > SUBTREE) {
                break;
            }
        }
        return next;
    }

    /** Returns how many chunks of a piece may have a lane: the only one is the root, too, and takes another way. */
    private static int wholeChunks(int length) {
        return length <= CHUNK ? 0 : length / CHUNK;
    }

    private void digestGroup(MemorySegment data, int start, int[] ends, int first, int next, Digest[] digests) {
        int length = ends[next - 1] - start;
        ensureStaging(length);
        MemorySegment.copy(data, ValueLayout.JAVA_BYTE, start, staging, 0, length);
        int offset = 0;
        for (int i = first; i < next; i++) {
            rows.addLanes(offset, wholeChunks(ends[i] - start - offset), 0);
            offset = ends[i] - start;
        }
        if (rows.lanes() > 0) {
            rows.runLanes(staging, GROUP_VALUES);
        }
        reset();
        int values = GROUP_VALUES;
        offset = 0;
        for (int i = first; i < next; i++) {
            int size = ends[i] - start - offset;
            if (size <= CHUNK) {
                digests[i] = rootOfChunk(staging, offset, size);
            } else {
                int whole = wholeChunks(size);
                rows.moveToStart(values, whole);
                values += whole;
                digests[i] = finishTree(staging, offset, size);
            }
            offset += size;
        }
    }

    /** Forgets all input. */
    public void reset() {
        depth = 0;
        chunks = 0;
        pendingLength = 0;
    }

    /**
     * Feeds more input.
     *
     * @param data   holds the input; not kept
     * @param offset start of the input in {@code data}, in bytes
     * @param length length of the input in bytes, at least 0
     * @throws IndexOutOfBoundsException if the range does not lie in {@code data}
     */
    public void update(byte[] data, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, data.length);
        int position = offset;
        int left = length;
        if (pendingLength > 0) {
            int taken = Math.min(CHUNK - pendingLength, left);
            System.arraycopy(data, position, pending, pendingLength, taken);
            pendingLength += taken;
            position += taken;
            left -= taken;
            if (left == 0) {
                return;
            }
            push(pending, 0, 1);
            pendingLength = 0;
        }
        while (left > CHUNK) {
            int count = subtreeThatFits((left - 1) / CHUNK);
            push(data, position, count);
            position += count * CHUNK;
            left -= count * CHUNK;
        }
        System.arraycopy(data, position, pending, 0, left);
        pendingLength = left;
    }

    /** Feeds all bytes of a segment, on or off the heap; it is not kept. */
    public void update(MemorySegment data) {
        long position = 0;
        long left = data.byteSize();
        ensureStaging((int) Math.min(left, SUBTREE));
        while (left > 0) {
            int taken = (int) Math.min(left, SUBTREE);
            MemorySegment.copy(data, ValueLayout.JAVA_BYTE, position, staging, 0, taken);
            update(staging, 0, taken);
            position += taken;
            left -= taken;
        }
    }

    /** Returns the digest of everything fed since the last reset, and resets. */
    public Digest digest() {
        if (chunks == 0) {
            return rootOfChunk(pending, 0, pendingLength);
        }
        return finish(pending, 0, pendingLength);
    }

    private void ensureStaging(int length) {
        if (staging.length < length) {
            staging = new byte[Math.max(length, 64 * CHUNK)];
        }
    }

    /** Returns the largest subtree, in chunks, that may start at the current chunk and has at most {@code available} chunks. */
    private int subtreeThatFits(int available) {
        long aligned = chunks == 0 ? SUBTREE_CHUNKS : Long.lowestOneBit(chunks);
        return (int) Math.min(Math.min(aligned, SUBTREE_CHUNKS), Integer.highestOneBit(available));
    }

    /** Adds a complete subtree of {@code count} whole chunks after which more input follows. */
    private void push(byte[] data, int offset, int count) {
        rows.chunks(data, offset, count, chunks);
        rows.reduceToOne(count);
        rows.valueAt(0, value);
        chunks += count;
        // Two complete subtrees of one size make one of the next: as many as there are trailing zero bits.
        for (long total = chunks / count; (total & 1) == 0; total >>= 1) {
            popInto(value);
            block.parent(value, false);
        }
        System.arraycopy(value, 0, stack, 8 * depth, 8);
        depth++;
    }

    /** Adds the last 1 to {@code SUBTREE} bytes, of an input longer than one chunk, and returns the digest. */
    private Digest finish(byte[] data, int offset, int length) {
        rows.chunks(data, offset, length / CHUNK, chunks);
        return finishTree(data, offset, length);
    }

    /** Does as {@link #finish} when the values of the whole chunks are there. */
    private Digest finishTree(byte[] data, int offset, int length) {
        int whole = length / CHUNK;
        int rest = length % CHUNK;
        int count = whole;
        if (rest > 0) {
            block.chunk(data, offset + whole * CHUNK, rest, chunks + whole, false, value);
            rows.setValueAt(whole, value);
            count++;
        }
        boolean alone = depth == 0;
        count = rows.reduceToTwo(count);
        if (count == 2) {
            rows.pairAt(0, value);
            block.parent(value, alone);
        } else {
            rows.valueAt(0, value);
        }
        while (depth > 0) {
            popInto(value);
            block.parent(value, depth == 0);
        }
        reset();
        return result();
    }

    /** Puts the top of the stack on the left and the first 8 words of {@code words} on the right. */
    private void popInto(int[] words) {
        depth--;
        System.arraycopy(words, 0, words, 8, 8);
        System.arraycopy(stack, 8 * depth, words, 0, 8);
    }

    private Digest rootOfChunk(byte[] data, int offset, int length) {
        block.chunk(data, offset, length, 0, true, value);
        reset();
        return result();
    }

    private Digest result() {
        return new Digest(
                bigEndian(value[0], value[1]),
                bigEndian(value[2], value[3]),
                bigEndian(value[4], value[5]),
                bigEndian(value[6], value[7]));
    }

    private static long bigEndian(int first, int second) {
        return (Integer.toUnsignedLong(Integer.reverseBytes(first)) << 32)
                | Integer.toUnsignedLong(Integer.reverseBytes(second));
    }
}
