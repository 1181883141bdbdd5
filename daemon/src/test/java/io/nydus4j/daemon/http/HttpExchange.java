package io.nydus4j.daemon.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A raw exchange with a server: bytes in, one response out. */
public record HttpExchange(String head, String body) {
    private static final Pattern LENGTH = Pattern.compile("Content-Length: ([0-9]+)");

    /** Sends bytes on a connection of their own and reads one response. */
    public static HttpExchange send(Path socket, byte[] request) throws IOException {
        try (SocketChannel channel = open(socket)) {
            channel.write(ByteBuffer.wrap(request));
            return receive(channel);
        }
    }

    static SocketChannel open(Path socket) throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        channel.connect(UnixDomainSocketAddress.of(socket));
        return channel;
    }

    /** Reads one response and not a byte more; its head is empty if the server closed the connection. */
    static HttpExchange receive(SocketChannel channel) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ByteBuffer one = ByteBuffer.allocate(1);
        while (!bytes.toString(StandardCharsets.UTF_8).endsWith("\r\n\r\n")) {
            if (channel.read(one.clear()) < 0) {
                return new HttpExchange("", "");
            }
            bytes.write(one.get(0));
        }
        String head = bytes.toString(StandardCharsets.UTF_8);
        Matcher matcher = LENGTH.matcher(head);
        ByteBuffer body = ByteBuffer.allocate(matcher.find() ? Integer.parseInt(matcher.group(1)) : 0);
        int count = 0;
        while (body.hasRemaining() && count >= 0) {
            count = channel.read(body);
        }
        return new HttpExchange(head, StandardCharsets.UTF_8.decode(body.flip()).toString());
    }

    /** Returns the status, 0 if there was no response. */
    public int status() {
        return head.isEmpty() ? 0 : Integer.parseInt(head.substring(9, 12));
    }
}
