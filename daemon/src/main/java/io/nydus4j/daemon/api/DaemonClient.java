package io.nydus4j.daemon.api;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.URLEncoder;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Asks a daemon by its API socket; each request has a connection of its own. Works with the reference's daemon, too. Safe for use by
 * several threads.
 *
 * <p>Methods block until the daemon answers. They throw {@link ApiException} if it answers with an error, {@link JsonException} if the
 * answer is not what it should be, and other {@link IOException}s if it cannot be reached.
 */
public final class DaemonClient {
    private static final int MAX_HEAD = 65536;
    private static final int MAX_BODY = 256 << 20;

    private final Path socket;

    /** Makes a client for the daemon that listens at {@code socket}; does not connect yet. */
    public DaemonClient(Path socket) {
        this.socket = socket;
    }

    /** Returns what the daemon tells of itself. */
    public DaemonInfo info() throws IOException {
        return DaemonInfo.of(get("v1/daemon"));
    }

    /** Returns the counters of a file system: the one at a mount point, or the only one. */
    public FileSystemMetrics fileSystemMetrics(Optional<String> mountPoint) throws IOException {
        return FileSystemMetrics.of(get("v1/metrics" + query("id", mountPoint)));
    }

    /** Returns the counters of a backend: the one of a mount point, or the only one. */
    public BackendMetrics backendMetrics(Optional<String> mountPoint) throws IOException {
        return BackendMetrics.of(get("v1/metrics/backend" + query("id", mountPoint)));
    }

    /** Returns the counters of a cache: the one of a configuration's id, or the only one. */
    public BlobCacheMetrics blobCacheMetrics(Optional<String> id) throws IOException {
        return BlobCacheMetrics.of(get("v1/metrics/blobcache" + query("id", id)));
    }

    /** Sets the level from which on the daemon logs: {@code trace} to {@code off}. */
    public void setLogLevel(String level) throws IOException {
        TreeMap<String, JsonValue> members = new TreeMap<>();
        members.put("log_level", new JsonValue.JsonString(level));
        send("PUT", "v1/daemon", new JsonValue.JsonObject(members).toJson());
    }

    /** Mounts a file system in the daemon's name space. */
    public void mount(String mountPoint, MountRequest request) throws IOException {
        send("POST", "v1/mount" + query("mountpoint", Optional.of(mountPoint)), request.toJson());
    }

    /** Puts another image in the place of a mounted one. */
    public void remount(String mountPoint, MountRequest request) throws IOException {
        send("PUT", "v1/mount" + query("mountpoint", Optional.of(mountPoint)), request.toJson());
    }

    /** Unmounts a file system of the daemon's name space. */
    public void unmount(String mountPoint) throws IOException {
        send("DELETE", "v1/mount" + query("mountpoint", Optional.of(mountPoint)), null);
    }

    /**
     * Begins or ends a trace of reads; not known to the reference's daemon.
     *
     * @param mountPoint of which image; of all if absent
     */
    public void trace(Optional<String> mountPoint, boolean wanted) throws IOException {
        send("PUT", "v1/trace" + query("mountpoint", mountPoint), "{\"enabled\":" + wanted + "}");
    }

    /** Ends the daemon and leaves its mount. */
    public void exit() throws IOException {
        send("PUT", "v1/daemon/exit", null);
    }

    /**
     * Returns a document of the daemon.
     *
     * @param path below {@code /api/}, such as {@code v1/daemon/events}
     */
    public JsonValue get(String path) throws IOException {
        String body = send("GET", path, null);
        return JsonValue.parse(body);
    }

    /**
     * Sends a request.
     *
     * @param path below {@code /api/}
     * @param body JSON, or null
     * @return the body of the answer, empty if it has none
     */
    private String send(String method, String path, @Nullable String body) throws IOException {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(socket));
            // In one write: the reference's daemon mistakes the parts of a request for several.
            ByteBuffer request = ByteBuffer.wrap(encode(method, path, body));
            while (request.hasRemaining()) {
                channel.write(request);
            }
            return receive(channel);
        }
    }

    private static byte[] encode(String method, String path, @Nullable String body) {
        byte[] content = body == null ? new byte[0] : body.getBytes(StandardCharsets.UTF_8);
        StringBuilder head = new StringBuilder(method)
                .append(" /api/")
                .append(path)
                .append(" HTTP/1.1\r\nHost: localhost\r\nUser-Agent: nydusctl\r\n");
        if (body != null) {
            head.append("Content-Type: application/json\r\nContent-Length: ")
                    .append(content.length)
                    .append("\r\n");
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(head.append("\r\n").toString().getBytes(StandardCharsets.UTF_8));
        bytes.writeBytes(content);
        return bytes.toByteArray();
    }

    private static String receive(SocketChannel channel) throws IOException {
        ByteArrayOutputStream received = new ByteArrayOutputStream();
        ByteBuffer buffer = ByteBuffer.allocate(16384);
        int headEnd;
        while ((headEnd = endOfHead(received)) < 0) {
            if (received.size() > MAX_HEAD) {
                throw new IOException("the answer has a head of more than " + MAX_HEAD + " bytes");
            }
            readMore(channel, buffer, received);
        }
        String head = received.toString(StandardCharsets.ISO_8859_1).substring(0, headEnd);
        int status = status(head);
        int length = contentLength(head);
        while (received.size() < headEnd + length) {
            readMore(channel, buffer, received);
        }
        String body = new String(received.toByteArray(), headEnd, length, StandardCharsets.UTF_8);
        if (status >= 400) {
            throw new ApiException(status, errorOf(body));
        }
        return body;
    }

    private static JsonValue errorOf(String body) {
        try {
            return JsonValue.parse(body);
        } catch (JsonException e) {
            return new JsonValue.JsonString(body);
        }
    }

    private static void readMore(SocketChannel channel, ByteBuffer buffer, ByteArrayOutputStream received)
            throws IOException {
        int count = channel.read(buffer.clear());
        if (count < 0) {
            throw new EOFException("the daemon closed the connection before its answer was complete");
        }
        byte[] bytes = new byte[buffer.flip().remaining()];
        buffer.get(bytes);
        received.write(bytes, 0, count);
    }

    private static int endOfHead(ByteArrayOutputStream received) {
        int end = received.toString(StandardCharsets.ISO_8859_1).indexOf("\r\n\r\n");
        return end < 0 ? -1 : end + 4;
    }

    private static int status(String head) throws IOException {
        if (head.startsWith("HTTP/1.") && head.length() > 12) {
            try {
                return Integer.parseInt(head.substring(9, 12));
            } catch (NumberFormatException e) {
                throw new IOException("the answer is not HTTP", e);
            }
        }
        throw new IOException("the answer is not HTTP");
    }

    private static int contentLength(String head) throws IOException {
        String lower = head.toLowerCase(Locale.ROOT);
        int start = lower.indexOf("\r\ncontent-length:");
        if (start < 0) {
            return 0;
        }
        int value = start + "\r\ncontent-length:".length();
        String text = head.substring(value, head.indexOf("\r\n", value)).strip();
        try {
            int length = Integer.parseInt(text);
            if (length >= 0 && length <= MAX_BODY) {
                return length;
            }
        } catch (NumberFormatException e) {
            throw new IOException("the answer has a length of " + text, e);
        }
        throw new IOException("the answer has a length of " + text);
    }

    private static String query(String name, Optional<String> value) {
        return value.map(text -> "?" + name + "=" + URLEncoder.encode(text, StandardCharsets.UTF_8))
                .orElse("");
    }
}
