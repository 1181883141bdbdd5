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
 * This process's claim on the folder of a cache, by locks on bytes of a file in it. Within a process, all users of a folder share its claim
 * and its budget. Safe for use by several threads.
 *
 * <p>A folder under a budget has one owner, for only the owner knows what is read at a moment: it locks the first byte for itself alone,
 * and processes that use a folder without a budget lock it together. Guests, who take the folder over from its owner or only look into
 * it, do not; but each process locks one more byte, of its own, and the owner takes data away only while it has all other bytes, too. So
 * nothing goes while a guest is there. A guest with a budget becomes the owner as soon as it needs room and nobody else is.
 */
public final class FolderClaim implements AutoCloseable {
    /** Name of the file that is locked. */
    public static final String LOCK_FILE = ".nydus4j.lock";

    /** For how long a claim waits for the owner to end what it does, in milliseconds. */
    private static final long PATIENCE_MILLIS = 30_000;
    /** For how long a claim waits for another process to leave, in milliseconds: one that was killed may still be there. */
    private static final long LEAVE_PATIENCE_MILLIS = 2000;

    private static final long OWNER_BYTE = 0;
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
    /** Guarded by the map of claims until the claim is made, then by the budget's lock. */
    private boolean owner;
    /** Guarded by the map of claims. */
    private int users;

    private FolderClaim(Path folder, FileChannel channel, long bytes, boolean guest) throws IOException {
        this.folder = folder;
        this.channel = channel;
        if (guest) {
            this.owner = bytes > 0 && channel.tryLock(OWNER_BYTE, 1, false) != null;
        } else {
            this.owner = lock(
                            LEAVE_PATIENCE_MILLIS,
                            () -> channel.tryLock(OWNER_BYTE, 1, bytes == 0),
                            inUse(folder, bytes))
                    .isValid();
        }
        this.own = lock(
                        PATIENCE_MILLIS,
                        () -> channel.tryLock(ThreadLocalRandom.current().nextLong(OWNER_BYTE + 2, BYTES), 1, false),
                        "cache folder " + folder + " is locked by another process")
                .position();
        this.budget = bytes == 0 ? null : new CacheBudget(folder, bytes, this::whileAlone);
    }

    private static String inUse(Path folder, long bytes) {
        String problem = bytes > 0
                ? " is in use by another process, and one with a budget cannot be shared"
                : " belongs to another process, which keeps it within a budget";
        return "cache folder " + folder + problem + "; give each daemon a folder of its own";
    }

    /** Runs something while no other process uses the folder; tells whether it did. */
    private boolean whileAlone(Runnable action) throws IOException {
        if (!owner) {
            owner = channel.tryLock(OWNER_BYTE, 1, false) != null;
            if (!owner) {
                return false;
            }
        }
        try (FileLock before = channel.tryLock(OWNER_BYTE + 1, own - OWNER_BYTE - 1, false);
                FileLock behind = before == null ? null : channel.tryLock(own + 1, Long.MAX_VALUE - own - 1, false)) {
            if (behind == null) {
                return false;
            }
            action.run();
            return true;
        }
    }

    /**
     * Claims a folder. May wait for another process that takes data away, or ends.
     *
     * @param folder an existing folder
     * @param bytes  its budget, 0 for none; a folder that is under a budget already keeps the smaller one
     * @return closed by the caller, when no file of the folder is used any more
     * @throws IOException if the folder cannot be locked, belongs to another process, or is used by this one without a budget
     */
    public static FolderClaim of(Path folder, long bytes) throws IOException {
        return of(folder, bytes, false);
    }

    /** Claims a folder as a guest: beside the process that owns it, if there is one. See {@link #of}. */
    public static FolderClaim asGuest(Path folder, long bytes) throws IOException {
        return of(folder, bytes, true);
    }

    private static FolderClaim of(Path folder, long bytes, boolean guest) throws IOException {
        Path real = folder.toRealPath();
        synchronized (CLAIMS) {
            FolderClaim claim = CLAIMS.get(real);
            if (claim == null) {
                claim = make(real, bytes, guest);
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

    private static FolderClaim make(Path folder, long bytes, boolean guest) throws IOException {
        FileChannel channel = FileChannel.open(
                folder.resolve(LOCK_FILE),
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try {
            return new FolderClaim(folder, channel, bytes, guest);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** Tries to lock something. */
    private interface Attempt {
        @Nullable
        FileLock lock() throws IOException;
    }

    private static FileLock lock(long patienceMillis, Attempt attempt, String refusal) throws IOException {
        long end = System.nanoTime() + patienceMillis * 1_000_000;
        while (true) {
            FileLock lock = attempt.lock();
            if (lock != null) {
                return lock;
            }
            if (System.nanoTime() > end) {
                throw new IOException(refusal);
            }
            try {
                Thread.sleep(PAUSE_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted while waiting for a cache folder: " + refusal, e);
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
