package io.nydus4j.daemon.http;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Cuts requests out of the bytes of one connection: heads of at most {@value #MAX_HEAD} bytes, bodies of at most {@value #MAX_BODY},
 * of a length given by {@code Content-Length}. Not safe for use by several threads.
 */
final class RequestReader {
    /** Largest body, in bytes. Mirrors the payload limit of the reference's API server. */
    static final int MAX_BODY = 51200;

    /** Largest request line and largest header line, in bytes. */
    static final int MAX_LINE = 2048;

    /** Largest head, in bytes. */
    static final int MAX_HEAD = 16384;

    private byte[] bytes = new byte[4096];
    private int length;

    /** Length of the head that {@link #head} describes, 0 while none is complete. */
    private int headLength;

    private @Nullable Head head;

    /** What the head says. */
    private record Head(HttpMethod method, String target, int bodyLength, boolean expectsContinue) {}

    /** Takes bytes as they come. */
    void take(ByteBuffer more) {
        int needed = length + more.remaining();
        if (needed > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(needed, bytes.length * 2));
        }
        int count = more.remaining();
        more.get(bytes, length, count);
        length += count;
    }

    /** Tells whether a request has begun and not ended. */
    boolean pending() {
        return length > 0;
    }

    /**
     * Returns the next request, or null if more bytes or {@link #takeExpectation} must come first.
     *
     * @throws MalformedRequestException if what came is no request; its bytes are dropped
     */
    @Nullable
    HttpRequest next() throws MalformedRequestException {
        Head current = head;
        if (current == null) {
            current = readHead();
            if (current == null) {
                return null;
            }
            head = current;
        }
        if (current.expectsContinue()) {
            return null;
        }
        int end = headLength + current.bodyLength();
        if (length < end) {
            return null;
        }
        byte[] body = Arrays.copyOfRange(bytes, headLength, end);
        drop(end);
        return new HttpRequest(current.method(), current.target(), body);
    }

    /** Tells, once for each request, whether the client waits to be asked for its body. */
    boolean takeExpectation() {
        Head current = head;
        if (current == null || !current.expectsContinue()) {
            return false;
        }
        head = new Head(current.method(), current.target(), current.bodyLength(), false);
        return true;
    }

    private @Nullable Head readHead() throws MalformedRequestException {
        int end = endOfHead();
        if (end < 0) {
            if (length > MAX_HEAD || endOfLine(0) < 0 && length > MAX_LINE) {
                throw unframed("Invalid request.");
            }
            return null;
        }
        headLength = end;
        return parseHead(end);
    }

    private Head parseHead(int end) throws MalformedRequestException {
        int lineEnd = endOfLine(0);
        Fields fields = new Fields();
        MalformedRequestException problem = null;
        for (int start = lineEnd + 2; start < end - 2; ) {
            int stop = endOfLine(start);
            if (stop - start > MAX_LINE) {
                throw unframed("Invalid request.");
            }
            String problemText = fields.take(text(start, stop));
            if (problemText != null && problem == null) {
                problem = new MalformedRequestException(problemText, true);
            }
            start = stop + 2;
        }
        if (lineEnd > MAX_LINE || fields.chunked) {
            throw unframed("Invalid request.");
        }
        if (fields.lengthProblem != null) {
            throw unframed(fields.lengthProblem);
        }
        if (fields.bodyLength > MAX_BODY) {
            throw unframed("Request payload with size " + fields.bodyLength + " is larger than the limit of " + MAX_BODY
                    + " allowed by server.");
        }
        String line = text(0, lineEnd);
        int first = line.indexOf(' ');
        int last = line.lastIndexOf(' ');
        String version = last > first ? line.substring(last + 1) : "";
        if (!version.startsWith("HTTP/")) {
            problem = new MalformedRequestException("Invalid request.", true);
        } else if (!version.equals("HTTP/1.0") && !version.equals("HTTP/1.1")) {
            problem = new MalformedRequestException("Invalid HTTP Version: Unsupported HTTP version.", true);
        }
        HttpMethod method = first < 0 ? null : HttpMethod.of(line.substring(0, first));
        if (problem == null && method == null) {
            problem = new MalformedRequestException("Invalid HTTP Method: Unsupported HTTP method.", true);
        }
        if (problem != null || method == null) {
            if (fields.bodyLength > 0) {
                throw unframed(problem == null ? "Invalid request." : problem.problem());
            }
            drop(end);
            throw problem == null ? new MalformedRequestException("Invalid request.", true) : problem;
        }
        return new Head(method, line.substring(first + 1, last), (int) fields.bodyLength, fields.expectsContinue);
    }

    /** The header fields that matter. */
    private static final class Fields {
        private long bodyLength;
        private boolean chunked;
        private boolean expectsContinue;
        private @Nullable String lengthProblem;

        /** Takes a header line; returns what is wrong with it, or null. */
        @Nullable
        String take(String line) {
            int colon = line.indexOf(':');
            if (colon <= 0) {
                return "Invalid header. Reason: Header is incorrectly formatted. Key: " + line;
            }
            String name = line.substring(0, colon).strip();
            String value = line.substring(colon + 1).strip();
            if (name.equalsIgnoreCase("Content-Length")) {
                takeLength(value);
            } else if (name.equalsIgnoreCase("Transfer-Encoding")) {
                chunked |= value.equalsIgnoreCase("chunked");
            } else if (name.equalsIgnoreCase("Expect")) {
                expectsContinue |= value.equalsIgnoreCase("100-continue");
            } else if (name.equalsIgnoreCase("Accept-Encoding") && refusesIdentity(value)) {
                return "Invalid header. Reason: Invalid value. Key:Accept-Encoding; Value:" + value;
            }
            return null;
        }

        private void takeLength(String value) {
            boolean digits = !value.isEmpty() && value.length() <= 10;
            for (int i = 0; i < value.length(); i++) {
                digits &= value.charAt(i) >= '0' && value.charAt(i) <= '9';
            }
            if (digits) {
                bodyLength = Long.parseLong(value);
            } else {
                lengthProblem = "Invalid header. Reason: Invalid value. Key:Content-Length; Value: " + value;
            }
        }

        private static boolean refusesIdentity(String value) {
            for (String item : value.split(",", -1)) {
                String coding = item.strip();
                if (coding.equals("identity;q=0") || coding.equals("*;q=0")) {
                    return true;
                }
            }
            return false;
        }
    }

    private MalformedRequestException unframed(String problem) {
        drop(length);
        return new MalformedRequestException(problem, false);
    }

    /** Returns the index after the empty line, or -1. */
    private int endOfHead() {
        int limit = Math.min(length, MAX_HEAD);
        for (int i = 3; i < limit; i++) {
            if (bytes[i] == '\n' && bytes[i - 1] == '\r' && bytes[i - 2] == '\n' && bytes[i - 3] == '\r') {
                return i + 1;
            }
        }
        return -1;
    }

    private int endOfLine(int start) {
        for (int i = start; i + 1 < length; i++) {
            if (bytes[i] == '\r' && bytes[i + 1] == '\n') {
                return i;
            }
        }
        return -1;
    }

    private String text(int start, int end) {
        return new String(bytes, start, end - start, StandardCharsets.UTF_8);
    }

    private void drop(int count) {
        System.arraycopy(bytes, count, bytes, 0, length - count);
        length -= count;
        headLength = 0;
        head = null;
    }
}
