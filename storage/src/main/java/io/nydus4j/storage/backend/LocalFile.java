package io.nydus4j.storage.backend;

import io.nydus4j.blob.PositionalSource;
import io.nydus4j.storage.BackendException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A blob in a file. Safe for use by several threads.
 *
 * <p>A thread that is interrupted while it reads closes the channel under all others; they open the file again and go on.
 */
final class LocalFile implements PositionalSource {
    private final Path path;
    private final String backend;
    private final String blobId;
    private volatile FileChannel channel;
    private volatile boolean closed;

    private LocalFile(Path path, String backend, String blobId, FileChannel channel) {
        this.path = path;
        this.backend = backend;
        this.blobId = blobId;
        this.channel = channel;
    }

    static LocalFile open(Path path, String backend, String blobId) throws IOException {
        return new LocalFile(path, backend, blobId, FileChannel.open(path, StandardOpenOption.READ));
    }

    @Override
    public long size() throws IOException {
        while (true) {
            FileChannel current = channel;
            try {
                return current.size();
            } catch (ClosedByInterruptException e) {
                throw e;
            } catch (ClosedChannelException e) {
                reopen(current);
            } catch (IOException e) {
                throw failure("size", e);
            }
        }
    }

    @Override
    public int readAt(long position, ByteBuffer target) throws IOException {
        int start = target.position();
        while (target.hasRemaining()) {
            FileChannel current = channel;
            try {
                if (current.read(target, position + target.position() - start) < 0) {
                    break;
                }
            } catch (ClosedByInterruptException e) {
                throw e;
            } catch (ClosedChannelException e) {
                reopen(current);
            } catch (IOException e) {
                throw failure("bytes from " + position, e);
            }
        }
        return target.position() - start;
    }

    private BackendException failure(String request, IOException cause) {
        BackendException failure = new BackendException(
                backend, "blob " + blobId + " " + request, String.valueOf(cause.getMessage()), true);
        failure.initCause(cause);
        return failure;
    }

    private synchronized void reopen(FileChannel broken) throws IOException {
        if (closed) {
            throw new BackendException(backend, "blob " + blobId, "the backend is closed", false);
        }
        if (channel == broken) {
            channel = FileChannel.open(path, StandardOpenOption.READ);
        }
    }

    synchronized void close() {
        closed = true;
        try {
            channel.close();
        } catch (IOException e) {
            // Nothing was written, so nothing can be lost.
        }
    }
}
