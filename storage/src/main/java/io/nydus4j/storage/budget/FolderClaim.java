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
import org.jspecify.annotations.Nullable;

/**
 * This process's claim on the folder of a cache, by a lock on a file in it. Processes without a budget share a folder; one with a budget
 * has it alone, for it cannot know what others read. Within a process, all users of a folder share its claim and its budget. Safe for
 * use by several threads.
 */
public final class FolderClaim implements AutoCloseable {
    /** Name of the file that is locked. */
    public static final String LOCK_FILE = ".nydus4j.lock";

    /** For how long a claim waits for another process, which may be about to end, in milliseconds. */
    private static final long PATIENCE_MILLIS = 3000;

    private static final long PAUSE_MILLIS = 50;
    /** Guarded by itself. */
    private static final Map<Path, FolderClaim> CLAIMS = new HashMap<>();

    private final Path folder;
    private final FileChannel channel;
    private final @Nullable CacheBudget budget;
    /** Guarded by the map of claims. */
    private int users;

    private FolderClaim(Path folder, FileChannel channel, @Nullable CacheBudget budget) {
        this.folder = folder;
        this.channel = channel;
        this.budget = budget;
    }

    /**
     * Claims a folder. May wait for another process to end.
     *
     * @param folder an existing folder
     * @param bytes  its budget, 0 for none; a folder that is under a budget already keeps the smaller one
     * @return closed by the caller, when no file of the folder is used any more
     * @throws IOException if another process is in the way, or this one uses the folder without a budget
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
            lock(folder, channel, bytes == 0);
            return new FolderClaim(folder, channel, bytes == 0 ? null : new CacheBudget(folder, bytes));
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private static void lock(Path folder, FileChannel channel, boolean shared) throws IOException {
        long end = System.nanoTime() + PATIENCE_MILLIS * 1_000_000;
        FileLock lock = channel.tryLock(0, Long.MAX_VALUE, shared);
        while (lock == null) {
            if (System.nanoTime() > end) {
                throw new IOException("cache folder " + folder
                        + (shared
                                ? " is under a budget, and belongs to another process alone"
                                : " is used by another process, so that no budget can be held"));
            }
            try {
                Thread.sleep(PAUSE_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted while waiting for cache folder " + folder, e);
            }
            lock = channel.tryLock(0, Long.MAX_VALUE, shared);
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
