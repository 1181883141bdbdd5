package io.nydus4j.storage.http;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What came for a range of a blob.
 *
 * <p>A reply must say which bytes it holds, and must hold the bytes asked for: all of them, or all up to the end of the blob. A reply
 * of the whole blob counts if just that was asked for.
 *
 * @param length number of bytes that were read
 * @param total  size of the blob, if the reply says so
 */
record RangeReply(int length, OptionalLong total) {
    private static final Pattern CONTENT_RANGE =
            Pattern.compile("bytes +([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\\*)");
    private static final Pattern UNSATISFIED = Pattern.compile("bytes +\\*/([0-9]{1,18})");
    private static final int BUFFER = 32 << 10;
    /** Slower than this, in bytes a second, a reply counts as stuck. */
    private static final long SLOWEST = 16 << 10;

    private static final int PARTIAL = 206;
    private static final int UNSATISFIABLE = 416;

    /**
     * Reads a reply.
     *
     * @param range         what was asked for
     * @param target        has room for the range; what is before its position stays, its position does not move
     * @param timeoutMillis how long the first bytes may take; 0 for ever
     * @throws HttpStatusException if the status means failure
     * @throws WrongReplyException if the reply holds something else
     * @throws IOException         if it cannot be read
     */
    static RangeReply read(HttpReply reply, ByteRange range, ByteBuffer target, long timeoutMillis) throws IOException {
        if (reply.status() == UNSATISFIABLE) {
            return pastTheEnd(reply, range);
        }
        if (!reply.succeeded()) {
            throw reply.failure();
        }
        OptionalLong total = OptionalLong.empty();
        long length;
        Optional<String> contentRange = reply.header("Content-Range");
        if (contentRange.isPresent()) {
            Matcher matcher = CONTENT_RANGE.matcher(contentRange.get());
            if (!matcher.matches()) {
                throw wrong(range, "Content-Range '" + contentRange.get() + "'");
            }
            long first = Long.parseLong(matcher.group(1));
            long last = Long.parseLong(matcher.group(2));
            if (!matcher.group(3).equals("*")) {
                total = OptionalLong.of(Long.parseLong(matcher.group(3)));
            }
            boolean toTheEnd = total.isPresent() && last == total.getAsLong() - 1;
            if (first != range.first() || last < first || last > range.last() || (last < range.last() && !toTheEnd)) {
                throw wrong(range, "Content-Range '" + contentRange.get() + "'");
            }
            length = last - first + 1;
        } else {
            length = range.length();
            total = OptionalLong.of(length);
            if (reply.status() == PARTIAL
                    || range.first() != 0
                    || !reply.contentLength().equals(total)) {
                throw wrong(range, "status " + reply.status() + " without a Content-Range");
            }
        }
        if (reply.contentLength().isPresent() && reply.contentLength().getAsLong() != length) {
            throw wrong(range, "a Content-Length of " + reply.contentLength().getAsLong());
        }
        long patienceMillis = timeoutMillis + TimeUnit.SECONDS.toMillis(length) / SLOWEST;
        reply.expectBody(Duration.ofMillis(patienceMillis));
        ByteBuffer part = target.duplicate().limit(target.position() + (int) length);
        copy(reply.body(), part, timeoutMillis == 0 ? Long.MAX_VALUE : patienceMillis);
        return new RangeReply((int) length, total);
    }

    private static RangeReply pastTheEnd(HttpReply reply, ByteRange range) throws IOException {
        Matcher matcher = UNSATISFIED.matcher(reply.header("Content-Range").orElse(""));
        if (matcher.matches() && Long.parseLong(matcher.group(1)) <= range.first()) {
            return new RangeReply(0, OptionalLong.of(Long.parseLong(matcher.group(1))));
        }
        throw reply.failure();
    }

    private static WrongReplyException wrong(ByteRange range, String found) {
        return new WrongReplyException("asked for bytes " + range + ", the server answered with " + found);
    }

    private static void copy(InputStream body, ByteBuffer target, long patienceMillis) throws IOException {
        long start = System.nanoTime();
        int wanted = target.remaining();
        byte[] buffer = target.hasArray() ? target.array() : new byte[Math.min(BUFFER, wanted)];
        while (target.hasRemaining()) {
            int read;
            if (target.hasArray()) {
                read = body.read(buffer, target.arrayOffset() + target.position(), target.remaining());
                target.position(target.position() + Math.max(read, 0));
            } else {
                read = body.read(buffer, 0, Math.min(buffer.length, target.remaining()));
                target.put(buffer, 0, Math.max(read, 0));
            }
            if (read < 0) {
                throw new EOFException("the body ends after " + (wanted - target.remaining()) + " bytes of " + wanted);
            }
            if (TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start) > patienceMillis) {
                throw new SocketTimeoutException("the body comes too slowly");
            }
        }
        if (body.read() >= 0) {
            throw new WrongReplyException("the body has more than " + wanted + " bytes");
        }
    }
}
