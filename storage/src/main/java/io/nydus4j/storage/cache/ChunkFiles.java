package io.nydus4j.storage.cache;

import io.nydus4j.blob.RafsFormatException;
import java.io.EOFException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Opens, reads and writes the files of chunks. */
final class ChunkFiles {
    private ChunkFiles() {}

    /**
     * A file, and whether bytes may be missing in it that its chunk map counts as there.
     *
     * @param channel open for reading and writing
     * @param grown   whether the file was shorter than it must be
     */
    record Opened(FileChannel channel, boolean grown) {}

    /**
     * Opens a file, makes it if there is none, and makes it as long as it must be.
     *
     * @param size its length in bytes, at least 0
     * @throws RafsFormatException if it is longer
     */
    static Opened open(Path file, long size) throws IOException {
        boolean grown = false;
        try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
            long length = access.length();
            if (length > size) {
                throw new RafsFormatException(
                        "cache file " + file,
                        -1,
                        "blob data file size doesn't match: expected " + size + " bytes, found " + length
                                + "; it belongs to another blob, or is damaged");
            }
            if (length < size) {
                access.setLength(size);
                grown = true;
            }
        }
        return new Opened(FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE), grown);
    }

    /** Writes all of {@code source} at {@code position}. */
    static void write(FileChannel channel, long position, ByteBuffer source) throws IOException {
        long place = position;
        while (source.hasRemaining()) {
            place += channel.write(source, place);
        }
    }

    /** Fills {@code target} with the bytes at {@code position}. */
    static void read(FileChannel channel, long position, ByteBuffer target) throws IOException {
        long place = position;
        while (target.hasRemaining()) {
            int count = channel.read(target, place);
            if (count < 0) {
                throw new EOFException("the cache file ends at " + place);
            }
            place += count;
        }
    }

    /** Closes a channel whose bytes need not reach the disk now. */
    static void close(FileChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // Whatever was not written is found missing when it is next checked.
        }
    }
}
