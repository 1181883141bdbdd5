package io.nydus4j.build.source;

import io.nydus4j.rafs.tree.Node;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Visits all directories of a tree that grows while it is visited, on several threads: to visit a directory is to find its children. A
 * walk is used once.
 */
final class DirectoryWalk {
    /** Reads one directory. */
    @FunctionalInterface
    interface Visitor {
        /** Sets the children of {@code directory}. Called by several threads at once, for different directories. */
        void visit(Node directory) throws IOException;
    }

    private final Visitor visitor;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    // Guarded by lock.
    private final Deque<Node> pending = new ArrayDeque<>();
    private int busy;
    private @Nullable Throwable failure;

    DirectoryWalk(Visitor visitor) {
        this.visitor = visitor;
    }

    /**
     * Visits {@code root} and all directories below it.
     *
     * @param threads number of threads, at least 1
     * @throws InterruptedIOException if the calling thread is interrupted
     * @throws IOException            the first failure of the visitor
     */
    void run(Node root, int threads) throws IOException {
        pending.add(root);
        Workers workers = new Workers();
        for (int i = 0; i < threads; i++) {
            workers.start("walk-" + i, this::visitAll);
        }
        try {
            workers.join();
        } catch (InterruptedException e) {
            end(e);
            workers.joinAnyway();
            Thread.currentThread().interrupt();
            throw (InterruptedIOException) new InterruptedIOException("interrupted").initCause(e);
        }
        switch (failure) {
            case null -> {}
            case IOException e -> throw e;
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new IOException(failure);
        }
    }

    private void visitAll() {
        try {
            for (Node directory = take(); directory != null; directory = take()) {
                visitor.visit(directory);
                done(directory);
            }
        } catch (Throwable e) {
            end(e);
        }
    }

    /** Returns the next directory; null if there are no more. */
    private @Nullable Node take() {
        lock.lock();
        try {
            while (failure == null) {
                Node directory = pending.pollLast();
                if (directory != null) {
                    busy++;
                    return directory;
                }
                if (busy == 0) {
                    return null;
                }
                changed.awaitUninterruptibly();
            }
            return null;
        } finally {
            lock.unlock();
        }
    }

    private void done(Node directory) {
        lock.lock();
        try {
            busy--;
            int found = pending.size();
            for (Node child : directory.children()) {
                if (child.isDirectory()) {
                    pending.addLast(child);
                }
            }
            found = pending.size() - found;
            if (busy == 0 && pending.isEmpty()) {
                changed.signalAll();
            }
            // This thread takes one of them itself.
            for (int i = 1; i < found; i++) {
                changed.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    private void end(Throwable cause) {
        lock.lock();
        try {
            if (failure == null) {
                failure = cause;
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
