package io.nydus4j.linux.fuse;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.nydus4j.linux.Errno;
import io.nydus4j.linux.file.FileSystemStatus;
import io.nydus4j.linux.libc.Libc;
import io.nydus4j.linux.libc.Scratch;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.Objects;

/**
 * Writes the answer to one request; reused for the next.
 *
 * <p>Exactly one of the ending methods is called per request: {@link #error}, {@link #ok}, {@link #entry}, {@link #negativeEntry},
 * {@link #attributes(long, FuseAttributes)}, {@link #open}, {@link #openUnneeded}, {@link #created}, {@link #written}, {@link #data}, {@link #send}, {@link #sendBuffer},
 * {@link #sendDirents}, {@link #xattr}, {@link #statfs}, {@link #position} or {@link #detach}. A second one throws
 * {@link IllegalStateException}. Whatever the kernel does with the answer (the client may be gone, the mount too) is no concern of
 * the handler. Used by one thread at a time; allocates nothing, but for {@link #detach}.
 *
 * <p>Memory: the vectors for {@code writev}, then the header in the last 16 bytes before a page, then the payload from that page on,
 * so that the payload is page-aligned and follows the header.
 */
public final class FuseReply {
    /** Keep the file's cached pages over this open. */
    public static final int KEEP_CACHE = 2;
    /** Let the kernel keep the directory's listing. */
    public static final int CACHE_DIRECTORY = 8;
    /** Most pieces of memory that {@link #append} takes for one answer. */
    public static final int MAX_PIECES = 256;

    private static final int PAGE = 4096;
    private static final int HEADER_SIZE = 16;
    private static final int VECTOR_SIZE = 16;
    private static final int ENTRY_SIZE = 40 + FuseAttributes.SIZE;
    private static final int DIRENT_SIZE = 24;
    private static final int PAYLOAD_OFFSET = 2 * PAGE;

    private final FuseDevice device;
    private final Scratch scratch;
    private final MemorySegment memory;
    private final MemorySegment payloadSegment;
    private final long vectors;
    private final long header;
    private final long payload;
    private final int capacity;
    private final FuseAttributes attributes = new FuseAttributes();

    private boolean open;
    private boolean detached;
    private long unique;
    private int limit;
    private int filled;
    private int pieces;
    private long pieceBytes;

    /**
     * Makes a reply with its memory.
     *
     * @param capacity most bytes of a payload, a multiple of the page size
     */
    FuseReply(FuseDevice device, int capacity) {
        this.device = device;
        this.capacity = capacity;
        scratch = Scratch.take(); // kept until close
        memory = Arena.ofAuto().allocate(PAYLOAD_OFFSET + (long) capacity, PAGE);
        payloadSegment = memory.asSlice(PAYLOAD_OFFSET);
        vectors = memory.address();
        payload = memory.address() + PAYLOAD_OFFSET;
        header = payload - HEADER_SIZE;
    }

    /** Starts an answer to {@code unique}, whose data may have {@code limit} bytes at most. */
    void begin(long unique, int limit) {
        this.unique = unique;
        this.limit = limit;
        open = true;
        detached = false;
        filled = 0;
        pieces = 0;
        pieceBytes = 0;
    }

    /** Gives its scratch back; not to be used any more. */
    void close() {
        scratch.close();
    }

    /** Tells whether the request still waits for an ending method. */
    boolean isOpen() {
        return open;
    }

    /** Tells whether the request was taken away, to be answered later. */
    boolean isDetached() {
        return detached;
    }

    /** Answers by an error, a positive number of {@link Errno}. */
    public void error(int errno) {
        end(-errno, 0);
    }

    /** Answers by success without data. */
    public void ok() {
        end(0, 0);
    }

    /** Ends a request that takes no answer. */
    void none() {
        checkOpen();
        open = false;
    }

    /** Returns attributes to fill for {@link #entry}, {@link #direntPlus} or {@link #attributes(long, FuseAttributes)}, cleared. */
    public FuseAttributes attributes() {
        return attributes.clear();
    }

    /**
     * Answers a LOOKUP.
     *
     * @param nodeId     the node's id, not 0
     * @param generation tells apart two nodes that had the same id one after the other; 0 where that never happens
     * @param validSeconds how long the kernel may keep the name and the attributes, in seconds
     * @param node       the attributes; not kept
     */
    public void entry(long nodeId, long generation, long validSeconds, FuseAttributes node) {
        writeEntry(payload, nodeId, generation, validSeconds, node);
        end(0, ENTRY_SIZE);
    }

    /** Answers a LOOKUP: there is no such name, and the kernel may keep that for so many seconds. */
    public void negativeEntry(long validSeconds) {
        if (validSeconds == 0) {
            error(Errno.ENOENT);
            return;
        }
        writeEntry(payload, 0, 0, validSeconds, attributes.clear());
        end(0, ENTRY_SIZE);
    }

    /**
     * Answers a GETATTR.
     *
     * @param validSeconds how long the kernel may keep the attributes, in seconds
     * @param node         the attributes; not kept
     */
    public void attributes(long validSeconds, FuseAttributes node) {
        Libc.MEMORY.set(JAVA_LONG, payload, validSeconds);
        Libc.MEMORY.set(JAVA_LONG, payload + 8, 0);
        node.write(payload + 16);
        end(0, 16 + FuseAttributes.SIZE);
    }

    /**
     * Answers an OPEN or OPENDIR.
     *
     * @param handle what later requests of this open carry
     * @param flags  {@link #KEEP_CACHE}, {@link #CACHE_DIRECTORY} or 0
     */
    public void open(long handle, int flags) {
        Libc.MEMORY.set(JAVA_LONG, payload, handle);
        Libc.MEMORY.set(JAVA_INT, payload + 8, flags);
        Libc.MEMORY.set(JAVA_INT, payload + 12, 0);
        end(0, 16);
    }

    /** Answers an OPEN or OPENDIR by "never ask again" where the kernel knows that, else by an open that keeps every cache. */
    public void openUnneeded() {
        boolean known = device.connection().has(FuseConnection.NO_OPEN_SUPPORT | FuseConnection.NO_OPENDIR_SUPPORT);
        if (known) {
            error(Errno.ENOSYS);
        } else {
            open(0, KEEP_CACHE | CACHE_DIRECTORY);
        }
    }

    /**
     * Answers by bytes of native memory, such as a mapped file, without copying them in this process.
     *
     * @param source memory that stays valid until this returns, as does a pin on its contents
     * @param offset start of the bytes in {@code source}
     * @param length number of bytes, 0 to what the request asked for
     */
    public void data(MemorySegment source, long offset, long length) {
        try {
            append(source, offset, length);
            send();
        } finally {
            Reference.reachabilityFence(source);
        }
    }

    /** Answers by bytes of an array. */
    public void data(byte[] source) {
        checkLength(source.length);
        MemorySegment.copy(source, 0, memory, JAVA_BYTE, PAYLOAD_OFFSET, source.length);
        end(0, source.length);
    }

    /**
     * Adds bytes of native memory to an answer that {@link #send} will end; they are not copied before.
     *
     * @param source memory that stays valid, and its contents pinned, until {@link #send} has returned
     * @throws IllegalStateException if there are {@link #MAX_PIECES} already; pieces that touch count as one
     */
    public void append(MemorySegment source, long offset, long length) {
        checkOpen();
        Objects.checkFromIndexSize(offset, length, source.byteSize());
        if (!source.isNative()) {
            throw new IllegalArgumentException("not native memory");
        }
        checkLength(pieceBytes + length);
        if (length == 0) {
            return;
        }
        long address = source.address() + offset;
        long last = vectors + (long) pieces * VECTOR_SIZE; // vector 0 is the header
        if (pieces > 0 && Libc.MEMORY.get(JAVA_LONG, last) + Libc.MEMORY.get(JAVA_LONG, last + 8) == address) {
            Libc.MEMORY.set(JAVA_LONG, last + 8, Libc.MEMORY.get(JAVA_LONG, last + 8) + length);
        } else if (pieces == MAX_PIECES) {
            throw new IllegalStateException("more than " + MAX_PIECES + " pieces");
        } else {
            pieces++;
            Libc.MEMORY.set(JAVA_LONG, last + VECTOR_SIZE, address);
            Libc.MEMORY.set(JAVA_LONG, last + VECTOR_SIZE + 8, length);
        }
        pieceBytes += length;
    }

    /** Answers by what {@link #append} collected, in order; by no bytes if that was nothing. */
    public void send() {
        checkOpen();
        open = false;
        writeHeader(0, pieceBytes);
        if (pieces == 0) {
            device.write(scratch, header, HEADER_SIZE);
            return;
        }
        Libc.MEMORY.set(JAVA_LONG, vectors, header);
        Libc.MEMORY.set(JAVA_LONG, vectors + 8, HEADER_SIZE);
        device.writeVectors(scratch, vectors, pieces + 1);
    }

    /** Returns memory for bytes that the handler makes or reads itself, to be ended by {@link #sendBuffer}; page-aligned. */
    public MemorySegment buffer() {
        return payloadSegment;
    }

    /** Answers by the first bytes of {@link #buffer}. */
    public void sendBuffer(int length) {
        checkLength(length);
        end(0, length);
    }

    /**
     * Adds an entry to the answer to a READDIR.
     *
     * @param ino    inode number that the listing shows
     * @param cookie offset of the request that goes on after this entry, not 0
     * @param mode   the entry's mode, of which only the type matters
     * @param names  memory that holds the name
     * @param nameOffset where the name starts in it
     * @param nameLength its length in bytes, 1 to 255
     * @return false if it no longer fits; then nothing was added
     */
    public boolean dirent(long ino, long cookie, int mode, MemorySegment names, long nameOffset, int nameLength) {
        int size = padded(DIRENT_SIZE + nameLength);
        if (size > room()) {
            return false;
        }
        writeDirent(payload + filled, ino, cookie, mode, names, nameOffset, nameLength);
        filled += size;
        return true;
    }

    /**
     * Adds an entry with attributes to the answer to a READDIRPLUS; it counts as a look-up of the node.
     *
     * @param nodeId the node's id, or 0 to give no look-up, which is a must for "." and ".."
     * @param cookie offset of the request that goes on after this entry, not 0
     * @param node   the attributes; mode and inode number go into the listing, too
     * @return false if it no longer fits; then nothing was added
     */
    public boolean direntPlus(
            long nodeId,
            long generation,
            long validSeconds,
            FuseAttributes node,
            long cookie,
            MemorySegment names,
            long nameOffset,
            int nameLength) {
        int size = ENTRY_SIZE + padded(DIRENT_SIZE + nameLength);
        if (size > room()) {
            return false;
        }
        long at = payload + filled;
        writeEntry(at, nodeId, generation, validSeconds, node);
        writeDirent(at + ENTRY_SIZE, node.ino(), cookie, node.mode(), names, nameOffset, nameLength);
        filled += size;
        return true;
    }

    /** Answers by the entries that were added; without any, the listing is at its end. */
    public void sendDirents() {
        end(0, filled);
    }

    /**
     * Answers a GETXATTR or LISTXATTR: by the value, or its length where that was asked for, or {@code ERANGE} where the room does
     * not suffice.
     *
     * @param requestedSize {@link FuseRequest#size}
     */
    public void xattr(int requestedSize, MemorySegment source, long offset, int length) {
        if (xattrFits(requestedSize, length)) {
            data(source, offset, length);
        }
    }

    /** Answers a LISTXATTR by the names, as {@link #xattr(int, MemorySegment, long, int)} does. */
    public void xattrNames(int requestedSize, Iterable<byte[]> names) {
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        for (byte[] name : names) {
            joined.writeBytes(name);
            joined.write(0);
        }
        xattr(requestedSize, joined.toByteArray());
    }

    /** Does as {@link #xattr(int, MemorySegment, long, int)} with a value in an array. */
    public void xattr(int requestedSize, byte[] value) {
        if (xattrFits(requestedSize, value.length)) {
            data(value);
        }
    }

    private boolean xattrFits(int requestedSize, int length) {
        if (requestedSize == 0) {
            Libc.MEMORY.set(JAVA_INT, payload, length);
            Libc.MEMORY.set(JAVA_INT, payload + 4, 0);
            end(0, 8);
        } else if (length > requestedSize) {
            error(Errno.ERANGE);
        } else {
            return true;
        }
        return false;
    }

    /**
     * Answers a STATFS for a file system without free space.
     *
     * @param blocks    size, in blocks
     * @param files     number of files
     * @param blockSize size of a block, in bytes
     * @param nameMax   longest name, in bytes
     */
    public void statfs(long blocks, long files, int blockSize, int nameMax) {
        statfs(new FileSystemStatus(blockSize, blockSize, blocks, 0, 0, files, 0, nameMax));
    }

    /** Answers a STATFS. */
    public void statfs(FileSystemStatus status) {
        payloadSegment.asSlice(0, 80).fill((byte) 0);
        Libc.MEMORY.set(JAVA_LONG, payload, status.blocks());
        Libc.MEMORY.set(JAVA_LONG, payload + 8, status.freeBlocks());
        Libc.MEMORY.set(JAVA_LONG, payload + 16, status.availableBlocks());
        Libc.MEMORY.set(JAVA_LONG, payload + 24, status.files());
        Libc.MEMORY.set(JAVA_LONG, payload + 32, status.freeFiles());
        Libc.MEMORY.set(JAVA_INT, payload + 40, (int) status.blockSize());
        Libc.MEMORY.set(JAVA_INT, payload + 44, (int) status.nameMax());
        Libc.MEMORY.set(JAVA_INT, payload + 48, (int) status.fragmentSize());
        end(0, 80);
    }

    /**
     * Answers a CREATE.
     *
     * @param handle what later requests of this open carry
     * @param flags  as for {@link #open}
     */
    public void created(long nodeId, long generation, long validSeconds, FuseAttributes node, long handle, int flags) {
        writeEntry(payload, nodeId, generation, validSeconds, node);
        Libc.MEMORY.set(JAVA_LONG, payload + ENTRY_SIZE, handle);
        Libc.MEMORY.set(JAVA_INT, payload + ENTRY_SIZE + 8, flags);
        Libc.MEMORY.set(JAVA_INT, payload + ENTRY_SIZE + 12, 0);
        end(0, ENTRY_SIZE + 16);
    }

    /** Answers a WRITE or COPY_FILE_RANGE by how much was written, in bytes. */
    public void written(int length) {
        Libc.MEMORY.set(JAVA_INT, payload, length);
        Libc.MEMORY.set(JAVA_INT, payload + 4, 0);
        end(0, 8);
    }

    /** Answers an LSEEK by a position, in bytes. */
    public void position(long offset) {
        Libc.MEMORY.set(JAVA_LONG, payload, offset);
        end(0, 8);
    }

    /**
     * Takes the request away from the loop, to be answered by any thread at any time; the client waits until then.
     *
     * @return what to answer by; it must be completed, come what may
     */
    public PendingReply detach() {
        checkOpen();
        open = false;
        detached = true;
        return new PendingReply(device, unique, limit);
    }

    private void end(int error, int length) {
        checkOpen();
        open = false;
        writeHeader(error, length);
        device.write(scratch, header, HEADER_SIZE + length);
    }

    private void writeHeader(int error, long length) {
        Libc.MEMORY.set(JAVA_INT, header, (int) (HEADER_SIZE + length));
        Libc.MEMORY.set(JAVA_INT, header + 4, error);
        Libc.MEMORY.set(JAVA_LONG, header + 8, unique);
    }

    private void writeEntry(long at, long nodeId, long generation, long validSeconds, FuseAttributes node) {
        MemorySegment memory = Libc.MEMORY;
        if (nodeId != 0) {
            device.lookups().given(nodeId);
        }
        memory.set(JAVA_LONG, at, nodeId);
        memory.set(JAVA_LONG, at + 8, generation);
        memory.set(JAVA_LONG, at + 16, validSeconds);
        memory.set(JAVA_LONG, at + 24, validSeconds);
        memory.set(JAVA_LONG, at + 32, 0);
        node.write(at + 40);
    }

    private static void writeDirent(
            long at, long ino, long cookie, int mode, MemorySegment names, long nameOffset, int nameLength) {
        MemorySegment memory = Libc.MEMORY;
        memory.set(JAVA_LONG, at, ino);
        memory.set(JAVA_LONG, at + 8, cookie);
        memory.set(JAVA_INT, at + 16, nameLength);
        memory.set(JAVA_INT, at + 20, mode >>> 12 & 15);
        MemorySegment.copy(names, nameOffset, memory, at + DIRENT_SIZE, nameLength);
        for (int i = DIRENT_SIZE + nameLength; i < padded(DIRENT_SIZE + nameLength); i++) {
            memory.set(JAVA_BYTE, at + i, (byte) 0);
        }
    }

    private int room() {
        checkOpen();
        return Math.min(limit, capacity) - filled;
    }

    private static int padded(int size) {
        return size + 7 & ~7;
    }

    private void checkOpen() {
        if (!open) {
            throw new IllegalStateException("the request was answered already");
        }
    }

    private void checkLength(long length) {
        if (length < 0 || length > limit) {
            throw new IllegalArgumentException("an answer of " + length + " bytes to a request for " + limit);
        }
    }
}
