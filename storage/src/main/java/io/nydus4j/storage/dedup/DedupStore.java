package io.nydus4j.storage.dedup;

import io.nydus4j.blob.Digest;
import io.nydus4j.blob.DigestAlgorithm;
import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.ThreadEnd;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.FileStatus;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.linux.file.PosixFiles;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/**
 * Remembers which cache file holds which chunk, for all blobs of all processes that use the same database, so that a chunk which another
 * blob has already need not be fetched.
 *
 * <p>What it tells is a hint: whoever takes a chunk from another file must compare its digest. What it is told is written by a thread of
 * its own, and may be lost. A database that cannot be used any more is given up with a warning: then this knows nothing, and learns
 * nothing. Safe for use by several threads.
 */
public final class DedupStore implements AutoCloseable {
    private static final Logger LOGGER = System.getLogger(DedupStore.class.getName());
    /** For how long a reader waits for other processes, in milliseconds; they hardly ever keep one out. */
    private static final int READ_PATIENCE_MILLIS = 200;

    private static final int WRITE_PATIENCE_MILLIS = 5000;
    /** Changes that wait to be written; more are lost. */
    private static final int MOST_CHANGES = 1 << 14;

    private static final int MOST_AT_ONCE = 4096;
    private static final long PAUSE_MILLIS = 100;

    private final Path file;
    /** Guards {@code reading}. */
    private final ReentrantLock lock = new ReentrantLock();

    private final DedupDatabase reading;
    /** Of the writer alone. */
    private final DedupDatabase writing;

    private final BlockingQueue<Change> changes = new ArrayBlockingQueue<>(MOST_CHANGES);
    private final Thread writer;
    private volatile boolean on = true;
    private volatile boolean closing;

    private DedupStore(Path file, DedupDatabase reading, DedupDatabase writing) {
        this.file = file;
        this.reading = reading;
        this.writing = writing;
        this.writer = Thread.ofPlatform().daemon().name("nydus-dedup").start(this::write);
    }

    /**
     * Opens a database, and makes it if there is none. One that is damaged, or is none, is left as it is, with a warning.
     *
     * @return to be closed by the caller, after all blobs that use it; empty if the database is damaged
     * @throws IOException if there can be no such file
     */
    public static Optional<DedupStore> open(Path file) throws IOException {
        Path absolute = file.toAbsolutePath();
        checkName(absolute);
        try {
            DedupDatabase reading = DedupDatabase.open(absolute, READ_PATIENCE_MILLIS);
            try {
                return Optional.of(
                        new DedupStore(absolute, reading, DedupDatabase.open(absolute, WRITE_PATIENCE_MILLIS)));
            } catch (SQLException e) {
                reading.close();
                throw e;
            }
        } catch (SQLException e) {
            if (!isDamage(e)) {
                throw new IOException("cannot use the deduplication database " + absolute + ": " + e.getMessage(), e);
            }
            LOGGER.log(
                    Level.WARNING,
                    "The deduplication database " + absolute + " is damaged, or none, going on without it: "
                            + e.getMessage());
            return Optional.empty();
        }
    }

    /** Refuses names that SQLite's driver would take for others. */
    private static void checkName(Path file) throws IOException {
        String text = file.toString();
        boolean isText = Arrays.equals(text.getBytes(StandardCharsets.UTF_8), NativePath.bytes(file));
        if (!isText || text.indexOf('?') >= 0) {
            throw new IOException("cannot use the deduplication database " + file
                    + ": its path must be text without a question mark");
        }
    }

    private static boolean isDamage(SQLException e) {
        // SQLITE_ERROR: its tables have other columns.
        return e instanceof SQLiteException problem
                && switch (primary(problem)) {
                    case SQLITE_NOTADB, SQLITE_CORRUPT, SQLITE_ERROR, SQLITE_FORMAT -> true;
                    default -> false;
                };
    }

    private static SQLiteErrorCode primary(SQLiteException e) {
        return SQLiteErrorCode.getErrorCode(e.getResultCode().code & 0xFF);
    }

    /** Returns the name of a chunk. */
    public static String chunkId(DigestAlgorithm algorithm, Digest digest) {
        return algorithm.label() + ":" + digest;
    }

    /**
     * Returns where a chunk may be. Reads the disk.
     *
     * @param chunkId its name
     * @param except  the file that wants it
     * @return at most a few places; none if nothing is known
     */
    public List<ChunkPlace> find(String chunkId, String except) {
        if (!on) {
            return List.of();
        }
        lock.lock();
        try {
            return reading.places(chunkId, except);
        } catch (SQLException e) {
            giveUpUnlessBusy(e);
            return List.of();
        } finally {
            lock.unlock();
        }
    }

    /** Notes that a file holds a chunk. Never blocks. */
    public void add(String chunkId, ChunkPlace place) {
        offer(new Change.Add(chunkId, place));
    }

    /** Notes that a file does not hold a chunk. Never blocks. */
    public void forget(String chunkId, String place) {
        offer(new Change.Forget(chunkId, place));
    }

    /** Forgets all files that are not there any more, some time. Never blocks. */
    public void forgetMissingFiles() {
        offer(new Change.ForgetFiles(DedupStore::isGone));
    }

    private static boolean isGone(String path) {
        try {
            FileStatus _ = PosixFiles.status(Descriptor.WORKING_DIRECTORY, path.getBytes(StandardCharsets.UTF_8));
            return false;
        } catch (ErrnoException e) {
            return e.errno() == Errno.ENOENT || e.errno() == Errno.ENOTDIR;
        }
    }

    private void offer(Change change) {
        // If it finds no room: a chunk that nobody knows of is fetched again.
        boolean _ = on && changes.offer(change);
    }

    private void write() {
        List<Change> batch = new ArrayList<>();
        while (on && !(closing && changes.isEmpty())) {
            try {
                Change first = changes.poll(PAUSE_MILLIS, TimeUnit.MILLISECONDS);
                if (first == null) {
                    continue;
                }
                batch.add(first);
                changes.drainTo(batch, MOST_AT_ONCE - 1);
                writing.change(batch);
            } catch (SQLException | RuntimeException e) {
                giveUpUnlessBusy(e);
            } catch (InterruptedException e) {
                return;
            } finally {
                batch.clear();
            }
        }
    }

    private void giveUpUnlessBusy(Exception e) {
        if (e instanceof SQLiteException problem && primary(problem) == SQLiteErrorCode.SQLITE_BUSY) {
            LOGGER.log(Level.DEBUG, "The deduplication database " + file + " is busy", e);
            return;
        }
        if (on) {
            on = false;
            LOGGER.log(
                    Level.WARNING,
                    "The deduplication database " + file + " cannot be used any more, going on without it: "
                            + e.getMessage());
        }
    }

    /** Writes down what waits, and closes the database. */
    @Override
    public void close() {
        closing = true;
        ThreadEnd.await(writer);
        lock.lock();
        try {
            on = false;
            reading.close();
            writing.close();
        } catch (SQLException e) {
            LOGGER.log(Level.WARNING, "Closing the deduplication database " + file + ": " + e.getMessage());
        } finally {
            lock.unlock();
        }
    }
}
