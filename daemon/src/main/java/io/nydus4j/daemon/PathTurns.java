package io.nydus4j.daemon;

import io.nydus4j.daemon.vfs.VfsPath;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Lets one operation at a time be at a path. Safe for use by several threads. */
final class PathTurns {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition free = lock.newCondition();
    private final Set<VfsPath> busy = new HashSet<>();

    /** A turn at a path, until it is closed. */
    interface Turn extends AutoCloseable {
        @Override
        void close();
    }

    /** Waits for a turn; what is no path never waits. */
    Turn take(Optional<VfsPath> path) {
        if (path.isEmpty()) {
            return () -> {};
        }
        lock.lock();
        try {
            while (!busy.add(path.get())) {
                free.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
        return () -> end(path.get());
    }

    private void end(VfsPath path) {
        lock.lock();
        try {
            busy.remove(path);
            free.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
