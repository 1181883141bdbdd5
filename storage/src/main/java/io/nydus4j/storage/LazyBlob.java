package io.nydus4j.storage;

import io.nydus4j.blob.BlobInfo;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A blob that fills itself: bytes at uncompressed offsets, fetched, decoded and verified when they are first asked for.
 *
 * <p>Safe for use by several threads: of those that ask for one range at a time, one fetches it and all get it.
 */
public interface LazyBlob extends AutoCloseable {
    /** Returns what the image knows of this blob. */
    BlobInfo info();

    /** Returns the size of the uncompressed address space, in bytes. */
    long size();

    /**
     * Tells, without blocking, whether a range is here and verified, so that it can be taken from {@link #mapping()} at once. Never so
     * where data may be evicted: there, only a pin keeps it ({@link #pinIfReady}).
     *
     * @param offset start in the uncompressed address space, in bytes
     * @param length bytes
     */
    boolean isReady(long offset, long length);

    /** Tells whether data may be evicted, so that a range stays here only while a pin holds it. */
    default boolean evicts() {
        return false;
    }

    /**
     * Holds a range that is here and verified, without blocking.
     *
     * @param offset start in the uncompressed address space, in bytes
     * @param length bytes
     * @return keeps the range in {@link #mapping()} until it is closed; null if the range is not ready there
     */
    default @Nullable Pin pinIfReady(long offset, long length) {
        return isReady(offset, length) ? Pin.NONE : null;
    }

    /**
     * Takes note that somebody reads here what is ready: where that goes on through the blob, what is next may be made ready meanwhile.
     * Returns at once. {@link #ensure} and {@link #read} take note by themselves.
     *
     * @param offset start of what is read, in bytes
     */
    default void readOn(long offset) {}

    /**
     * Keeps a range from being evicted, whether it is here or not. May wait a moment, for the disk.
     *
     * @param offset start in the uncompressed address space, in bytes
     * @param length bytes
     * @return keeps what is or comes here until it is closed
     */
    default Pin hold(long offset, long length) {
        return Pin.NONE;
    }

    /**
     * Makes sure that a range is here and verified; fetches what is missing, which may block on the network.
     *
     * @param offset start in the uncompressed address space, in bytes
     * @param length bytes
     * @return keeps the range here until it is closed, and tells where it was
     * @throws NoRoomException if there is no room for it here; {@link #read} may do without
     * @throws IOException     if it cannot be fetched ({@link BackendException}) or is not what it should be
     */
    Pin ensure(long offset, long length) throws IOException;

    /**
     * Reads bytes of a range: ensure, copy, done; where there is no room here, without ensuring. May block on the network.
     *
     * @param offset start in the uncompressed address space, in bytes
     * @param target is filled
     * @return where the bytes were
     * @throws IOException if the range cannot be had, or lies outside the blob
     */
    DataOrigin read(long offset, ByteBuffer target) throws IOException;

    /**
     * Returns the local file mapped into memory, whole; empty for caches that have no file of plain bytes. Only ranges that are
     * ready or pinned hold data. The memory is valid until this blob is closed.
     */
    Optional<MemorySegment> mapping();

    /**
     * Returns the local file of plain bytes at uncompressed offsets, whose ranges {@link #mapping} shows, for who lets the kernel read it;
     * empty for caches that have none. What it holds of ranges that are neither ready nor pinned is not to be read.
     */
    Optional<Path> file();

    /** Tells whether the whole blob is here for good, on the disk where it rests on one, so that nothing will ever be fetched again. */
    boolean isComplete();

    /** Stops fetching, writes down what is complete, and closes the files. */
    @Override
    void close();
}
