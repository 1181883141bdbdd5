package io.nydus4j.storage.http;

import io.nydus4j.blob.PositionalSource;
import io.nydus4j.storage.BackendCounters;
import io.nydus4j.storage.BackendException;
import io.nydus4j.storage.RateLimit;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A blob behind a server that gives ranges. Safe for use by several threads.
 *
 * <p>Its size is learnt from the replies to reads; only when it is asked for before, the server is asked with {@code HEAD}, or for one
 * byte where that does not tell.
 */
final class HttpBlob implements PositionalSource {
    private static final long UNKNOWN = -1;

    private final BlobEndpoint endpoint;
    private final String blobId;
    private final Retries retries;
    private final BackendCounters counters;
    private final long timeoutMillis;
    private final RateLimit bandwidth;
    private final AtomicLong knownSize = new AtomicLong(UNKNOWN);

    /**
     * Names a blob; asks for nothing yet.
     *
     * @param timeoutMillis how long the first bytes of a reply may take, 0 for ever
     * @param bandwidth     what all blobs of a backend share
     */
    HttpBlob(
            BlobEndpoint endpoint,
            String blobId,
            Retries retries,
            BackendCounters counters,
            long timeoutMillis,
            RateLimit bandwidth) {
        this.endpoint = endpoint;
        this.blobId = blobId;
        this.retries = retries;
        this.counters = counters;
        this.timeoutMillis = timeoutMillis;
        this.bandwidth = bandwidth;
    }

    @Override
    public long size() throws IOException {
        if (knownSize.get() == UNKNOWN) {
            learn(retries.run("blob " + blobId + " size", this::askForSize));
        }
        return knownSize.get();
    }

    private long askForSize() throws IOException {
        OptionalLong length = endpoint.send("HEAD", blobId, Optional.empty(), reply -> {
            // Some servers refuse HEAD, or sign addresses for GET only.
            if (reply.status() == 404 || reply.status() == 429 || reply.status() >= 500) {
                throw reply.failure();
            }
            return reply.succeeded() ? reply.contentLength() : OptionalLong.empty();
        });
        if (length.isPresent()) {
            return length.getAsLong();
        }
        ByteRange firstByte = new ByteRange(0, 0);
        RangeReply first = endpoint.send(
                "GET",
                blobId,
                Optional.of(firstByte),
                reply -> RangeReply.read(reply, firstByte, ByteBuffer.allocate(1), timeoutMillis));
        return first.total().orElseThrow(() -> new WrongReplyException("the server does not tell the blob's size"));
    }

    @Override
    public int readAt(long position, ByteBuffer target) throws IOException {
        if (!target.hasRemaining()) {
            return 0;
        }
        // Also where the blob seems to have ended before: what one reply said of its size need not be true.
        ByteRange range = new ByteRange(position, position + target.remaining() - 1);
        RangeReply reply;
        try {
            reply = retries.run("blob " + blobId + " bytes " + range, () -> attempt(range, target));
        } catch (BackendException e) {
            if (e.getCause() instanceof WrongReplyException) {
                // Perhaps the reply that told the size was the wrong one: the next tells it anew.
                knownSize.set(UNKNOWN);
            }
            throw e;
        }
        if (reply.total().isPresent()) {
            learn(reply.total().getAsLong());
        }
        target.position(target.position() + reply.length());
        return reply.length();
    }

    private RangeReply attempt(ByteRange range, ByteBuffer target) throws IOException {
        try {
            bandwidth.take(range.length());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (IOException) new InterruptedIOException("interrupted").initCause(e);
        }
        long start = System.nanoTime();
        boolean failed = true;
        try {
            RangeReply reply = endpoint.send(
                    "GET",
                    blobId,
                    Optional.of(range),
                    answer -> checked(RangeReply.read(answer, range, target, timeoutMillis)));
            failed = false;
            return reply;
        } finally {
            counters.record(range.length(), TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start), failed);
        }
    }

    /** Refuses a reply that contradicts earlier ones. */
    private RangeReply checked(RangeReply reply) throws WrongReplyException {
        long known = knownSize.get();
        if (known != UNKNOWN && reply.total().isPresent() && reply.total().getAsLong() != known) {
            throw new WrongReplyException("the blob had " + known + " bytes, now the server says "
                    + reply.total().getAsLong());
        }
        return reply;
    }

    private void learn(long size) {
        knownSize.compareAndSet(UNKNOWN, size);
    }
}
