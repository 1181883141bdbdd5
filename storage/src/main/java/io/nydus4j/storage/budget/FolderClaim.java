package io.nydus4j.storage.budget;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * This process's claim on the folder of a cache. Each process that uses the folder locks one byte, of its own, of a file in it; who takes
 * data away locks all others meanwhile, for it cannot know what other processes read. So nothing goes while several processes use a
 * folder, as during an upgrade. Within a process, all users of a folder share its claim and its budget. Safe for use by several threads.
 */
public final class FolderClaim implements AutoCloseable {
    /** Name of the file that is locked. */
    public static final String LOCK_FILE = ".nydus4j.lock";

    /** For how long a claim waits for another process to end what it does, in milliseconds. */
    private static final long PATIENCE_MILLIS = 30_000;

    private static final long PAUSE_MILLIS = 5;
    /** Bytes that processes choose theirs from. */
    private static final int BYTES = 1 << 30;
    /** Guarded by itself. */
    private static final Map<Path, FolderClaim> CLAIMS = new HashMap<>();

    private final Path folder;
    private final FileChannel channel;
    /** Where the byte is that this process has locked. */
    private final long own;

    private final @Nullable CacheBudget budget;
    /** Guarded by the map of claims. */
    private int users;

    private FolderClaim(Path folder, FileChannel channel, long bytes) throws IOException {
        this.folder = folder;
        this.channel = channel;
        this.own = lock(folder, channel).position();
        this.budget = bytes == 0 ? null : new CacheBudget(folder, bytes, this::whileAlone);
    }

    /** Runs something while no other process uses the folder; tells whether it did. */
    private boolean whileAlone(Runnable action) throws IOException {
        try (FileLock before = channel.tryLock(0, own, false);
                FileLock behind = before == null ? null : channel.tryLock(own + 1, Long.MAX_VALUE - own - 1, false)) {
            if (behind == null) {
                return false;
            }
            action.run();
            return true;
        }
    }

    /**
     * Claims a folder. May wait for another process that takes data away.
     *
     * @param folder an existing folder
     * @param bytes  its budget, 0 for none; a folder that is under a budget already keeps the smaller one
     * @return closed by the caller, when no file of the folder is used any more
     * @throws IOException if the folder cannot be locked, or this process uses it without a budget
     */
    public static FolderClaim of(Path folder, long bytes) throws IOException {
        Path real = folder.toRealPath();
        synchronized (CLAIMS) {
            FolderClaim claim = CLAIMS.get(real);
            if (claim == null) {
                claim = make(real, bytes);
                CLAIMS.put(real, claim);
            } else if (bytes > 0) {
                if (claim.budget == null) {
                    throw new IOException("cache folder " + folder
                            + " is in use without a budget; a budget must be set by all mounts that share it");
                }
                claim.budget.lower(bytes);
            }
            claim.users++;
            return claim;
        }
    }

    private static FolderClaim make(Path folder, long bytes) throws IOException {
        FileChannel channel = FileChannel.open(
                folder.resolve(LOCK_FILE),
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try {
            return new FolderClaim(folder, channel, bytes);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private static FileLock lock(Path folder, FileChannel channel) throws IOException {
        long end = System.nanoTime() + PATIENCE_MILLIS * 1_000_000;
        while (true) {
            long place = ThreadLocalRandom.current().nextLong(1, BYTES);
            FileLock lock = channel.tryLock(place, 1, false);
            if (lock != null) {
                return lock;
            }
            if (System.nanoTime() > end) {
                throw new IOException("cache folder " + folder + " is locked by another process");
            }
            try {
                Thread.sleep(PAUSE_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted while waiting for cache folder " + folder, e);
            }
        }
    }

    /** Returns the budget of the folder, if it is under one. */
    public Optional<CacheBudget> budget() {
        return Optional.ofNullable(budget);
    }

    /** Gives the claim back; the last one to do so lets other processes in. */
    @Override
    public void close() {
        synchronized (CLAIMS) {
            if (--users > 0) {
                return;
            }
            CLAIMS.remove(folder);
            try {
                channel.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
