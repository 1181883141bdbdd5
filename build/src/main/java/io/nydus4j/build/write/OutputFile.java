package io.nydus4j.build.write;

import java.io.FileDescriptor;
import java.io.FileNotFoundException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A file being written, which gets its name when it is complete.
 *
 * <p>It is written beside its place. {@link #sync} and then {@link #commit} put it there; {@link #close} without those deletes it. What is
 * there already and is no regular file, such as a FIFO, is written directly instead. Not safe for use by several threads.
 */
public final class OutputFile implements AutoCloseable {
    /** Names of standard output, which is written as it is: it may be a pipe, or a file that others write to as well. */
    private static final Set<Path> STANDARD_OUTPUT =
            Set.of(Path.of("/dev/stdout"), Path.of("/dev/fd/1"), Path.of("/proc/self/fd/1"));

    /** Links that lead from one to the next, at most. */
    private static final int MOST_LINKS = 40;

    /** What the JDK says of a file that something is mounted on. */
    private static final String MOUNT_POINT = "Device or resource busy";

    /** How much goes to the file system in one call. */
    private static final int PART = 1 << 30;

    private final Path directory;
    /** Where the file goes; empty if that is said at the end. */
    private final Optional<Path> target;
    /** The name it has until then; empty if it is written directly. */
    private final Optional<Path> temporary;

    private final FileChannel channel;
    private final EarlyFlush flush;
    private long position;
    private boolean committed;

    private OutputFile(Path directory, Optional<Path> target, Optional<Path> temporary, FileChannel channel) {
        this.directory = directory;
        this.target = target;
        this.temporary = temporary;
        this.channel = channel;
        this.flush = new EarlyFlush(channel);
    }

    /**
     * Starts a file that will be at {@code path}, replacing what is there.
     *
     * @throws IOException if it cannot be made; the message names it
     */
    public static OutputFile at(Path path) throws IOException {
        if (STANDARD_OUTPUT.contains(path)) {
            return new OutputFile(
                    path, Optional.of(path), Optional.empty(), new FileOutputStream(FileDescriptor.out).getChannel());
        }
        if (path.toString().isEmpty()) {
            throw new IOException("failed to open file \"\": No such file or directory");
        }
        if (Files.exists(path) && !Files.isRegularFile(path)) {
            return new OutputFile(path, Optional.of(path), Optional.empty(), openPresent(path));
        }
        Path place = place(path);
        Path parent = Optional.ofNullable(place.getParent()).orElse(Path.of("/"));
        return beside(parent, Optional.of(place));
    }

    /** Returns where a file lies, or would lie: links are followed though they lead to nothing yet. */
    private static Path place(Path path) throws IOException {
        if (Files.exists(path)) {
            return path.toRealPath();
        }
        Path place = path.toAbsolutePath();
        for (int links = 0; Files.isSymbolicLink(place); links++) {
            if (links == MOST_LINKS) {
                throw new IOException("failed to open file " + path + ": Too many levels of symbolic links");
            }
            place = place.resolveSibling(Files.readSymbolicLink(place));
        }
        return place;
    }

    /**
     * Starts a file in {@code directory} that gets its name at the end.
     *
     * @throws IOException if it cannot be made; the message names the directory
     */
    public static OutputFile in(Path directory) throws IOException {
        return beside(directory, Optional.empty());
    }

    private static OutputFile beside(Path directory, Optional<Path> target) throws IOException {
        String name =
                ".nydus4j-" + Long.toUnsignedString(ThreadLocalRandom.current().nextLong(), 36) + ".tmp";
        Path temporary = directory.resolve(name);
        try {
            FileChannel channel = UnfinishedFiles.ofProcess().make(temporary, OutputFile::openNew);
            return new OutputFile(directory, target, Optional.of(temporary), channel);
        } catch (IOException e) {
            throw new IOException(
                    target.map(path -> "failed to open file " + path).orElse("failed to create a file in " + directory)
                            + ": " + reason(e),
                    e);
        }
    }

    private static FileChannel openNew(Path path) throws IOException {
        return FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    }

    private static FileChannel openPresent(Path path) throws IOException {
        try {
            return FileChannel.open(path, StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw new IOException("failed to open file " + path + ": " + reason(e), e);
        }
    }

    private static String reason(IOException failure) {
        if (failure instanceof NoSuchFileException || failure instanceof FileNotFoundException) {
            return "No such file or directory";
        }
        if (failure instanceof AccessDeniedException) {
            return "Permission denied";
        }
        return failure instanceof FileSystemException system && system.getReason() != null
                ? system.getReason()
                : String.valueOf(failure.getMessage());
    }

    /** Returns the number of bytes written so far. */
    public long position() {
        return position;
    }

    /**
     * Appends bytes.
     *
     * @throws IOException if they cannot be written, as on a full disk; the message names the file
     */
    public void write(MemorySegment data) throws IOException {
        try {
            for (long start = 0; start < data.byteSize(); start += PART) {
                ByteBuffer part = data.asSlice(start, Math.min(PART, data.byteSize() - start))
                        .asByteBuffer();
                while (part.hasRemaining()) {
                    channel.write(part);
                }
            }
        } catch (IOException e) {
            throw new IOException("failed to write " + target.orElse(directory) + ": " + reason(e), e);
        }
        position += data.byteSize();
        if (temporary.isPresent()) {
            flush.written(position);
        }
    }

    /**
     * Writes bytes at a place, whatever was written before; what nobody writes is zero. Several threads may do so at a time. Not for
     * FIFOs.
     *
     * @param offset start in the file, in bytes
     * @throws IOException if they cannot be written, as on a full disk; the message names the file
     */
    public void writeAt(long offset, ByteBuffer data) throws IOException {
        try {
            for (long at = offset; data.hasRemaining(); ) {
                at += channel.write(data, at);
            }
        } catch (IOException e) {
            throw new IOException("failed to write " + target.orElse(directory) + ": " + reason(e), e);
        }
    }

    /** Starts to bring what was written to the disk, without waiting for it: when much has been written and little follows. */
    public void flushSoon() {
        if (temporary.isPresent()) {
            flush.start(position);
        }
    }

    /** Brings what was written to the disk; the last thing before {@link #commit}. */
    public void sync() throws IOException {
        if (temporary.isPresent()) {
            flush.finish();
            channel.force(true);
        }
        closeChannel();
    }

    private void closeChannel() throws IOException {
        // Nobody else could use standard output afterwards.
        if (temporary.isPresent() || !STANDARD_OUTPUT.contains(directory)) {
            channel.close();
        }
    }

    /**
     * Puts the file at its place, replacing what is there.
     *
     * @return its path as the caller gave it
     */
    public Path commit() throws IOException {
        Path path = target.orElseThrow(() -> new IllegalStateException("the file has no name yet"));
        if (temporary.isPresent()) {
            moveTo(path);
        }
        committed = true;
        return path;
    }

    /**
     * Gives the file a name in its directory. If there is a file of that name and the same content it is kept; any other is replaced:
     * most names are digests, so what has another content is damaged.
     *
     * @return its path
     */
    public Path commit(String name) throws IOException {
        Path path = directory.resolve(name);
        if (!isThere(path)) {
            moveTo(path);
            committed = true;
        }
        return path;
    }

    private boolean isThere(Path path) throws IOException {
        try {
            return Files.isRegularFile(path) && Files.mismatch(temporary.orElseThrow(), path) < 0;
        } catch (AccessDeniedException e) {
            return false;
        }
    }

    private void moveTo(Path path) throws IOException {
        Path from = temporary.orElseThrow();
        try {
            try {
                Files.move(from, path, StandardCopyOption.ATOMIC_MOVE);
            } catch (FileSystemException e) {
                if (!MOUNT_POINT.equals(e.getReason())) {
                    throw e;
                }
                copy(from, path);
            }
        } catch (IOException e) {
            throw new IOException("failed to name " + path + ": " + reason(e), e);
        }
        UnfinishedFiles.ofProcess().remove(from);
        try (FileChannel open = FileChannel.open(directory, StandardOpenOption.READ)) {
            open.force(true);
        }
    }

    /** Fills a file that cannot be replaced, for it is mounted by itself, as containers have single files of their host. */
    private static void copy(Path from, Path path) throws IOException {
        try (FileChannel source = FileChannel.open(from, StandardOpenOption.READ);
                FileChannel copy =
                        FileChannel.open(path, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            for (long done = 0; done < source.size(); ) {
                done += source.transferTo(done, source.size() - done, copy);
            }
            copy.force(true);
        }
        Files.delete(from);
    }

    /** Closes the file, and deletes it unless it is committed. Does nothing the second time. */
    @Override
    public void close() throws IOException {
        try {
            closeChannel();
        } finally {
            if (!committed && temporary.isPresent()) {
                Files.deleteIfExists(temporary.get());
                UnfinishedFiles.ofProcess().remove(temporary.get());
            }
        }
    }
}
