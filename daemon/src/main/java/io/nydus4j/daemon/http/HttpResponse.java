package io.nydus4j.daemon.http;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A response.
 *
 * @param status code, 100 to 599
 * @param type   media type of the body
 * @param body   text, or null for a response without a body
 */
public record HttpResponse(
        int status, String type, @Nullable String body) {
    private static final String JSON = "application/json";
    private static final String SERVER = "Nydus API";
    private static final String TRANSPORT = "Firecracker API";

    /** Makes a response with JSON text, or without a body. */
    public HttpResponse(int status, @Nullable String body) {
        this(status, JSON, body);
    }

    /** Returns a response with text of a media type. */
    public static HttpResponse text(String type, String text) {
        return new HttpResponse(200, type, text);
    }

    /** Returns a response with a body. */
    public static HttpResponse ok(String json) {
        return new HttpResponse(200, json);
    }

    /** Returns a response that says "done" and nothing else. */
    public static HttpResponse noContent() {
        return new HttpResponse(204, null);
    }

    /** Returns this response as bytes, in the form the reference's clients know. */
    byte[] encode() {
        return encode(SERVER, status, type, body, true);
    }

    /** Returns the head that asks a client to send its body. */
    static byte[] proceed() {
        return encode(TRANSPORT, 100, JSON, null, true);
    }

    /** Returns the response to what is no HTTP. Mirrors the text that micro_http of the reference's daemon answers. */
    static byte[] malformed(String problem, boolean keepAlive) {
        String text = "{ \"error\": \"" + problem + "\nAll previous unanswered requests will be dropped.\" }";
        return encode(TRANSPORT, 400, JSON, text, keepAlive);
    }

    private static byte[] encode(String server, int status, String type, @Nullable String body, boolean keepAlive) {
        byte[] content = body == null ? new byte[0] : body.getBytes(StandardCharsets.UTF_8);
        StringBuilder head = new StringBuilder(128)
                .append("HTTP/1.1 ")
                .append(status)
                .append(" \r\nServer: ")
                .append(server)
                .append("\r\nConnection: ")
                .append(keepAlive ? "keep-alive" : "close")
                .append("\r\n");
        if (body != null) {
            head.append("Content-Type: ")
                    .append(type)
                    .append("\r\nContent-Length: ")
                    .append(content.length)
                    .append("\r\n");
        }
        byte[] start = head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
        byte[] all = Arrays.copyOf(start, start.length + content.length);
        System.arraycopy(content, 0, all, start.length, content.length);
        return all;
    }
}
