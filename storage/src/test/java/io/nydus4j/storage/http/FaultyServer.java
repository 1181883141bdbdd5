package io.nydus4j.storage.http;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ServerSocketFactory;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP server on the loopback, or on a Unix socket, that serves blobs by ranges, counts what it is asked for, and misbehaves as a test
 * wishes. A blob's id is what follows the last slash or colon of the path.
 */
public final class FaultyServer implements AutoCloseable {
    private static final int TLS_HELLO = 0x16;
    private static final int BACKLOG = 200;

    private final ListenerFactory listeners;
    private final String address;
    private final Map<String, byte[]> blobs = new ConcurrentHashMap<>();
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private final Queue<Handler> faults = new ConcurrentLinkedQueue<>();
    private final Set<AutoCloseable> connections = ConcurrentHashMap.newKeySet();
    private final AtomicInteger connectionCount = new AtomicInteger();
    private volatile Handler handler = this::serveBlob;
    private volatile Listener listener;
    private volatile boolean closed;

    /** A request as it came. */
    public record Request(String method, String path, Map<String, String> headers, String body) {
        /** Returns a header by its name in lower case. */
        public Optional<String> header(String name) {
            return Optional.ofNullable(headers.get(name));
        }

        /** Returns the first byte asked for, 0 if all are. */
        public long first() {
            String range = headers.get("range");
            return range == null ? 0 : Long.parseLong(range.substring("bytes=".length(), range.indexOf('-')));
        }

        /** Returns the last byte asked for, the greatest number if all are. */
        public long last() {
            String range = headers.get("range");
            return range == null ? Long.MAX_VALUE : Long.parseLong(range.substring(range.indexOf('-') + 1));
        }

        /** Returns the id of the blob asked for. */
        public String blobId() {
            String plain = path.contains("?") ? path.substring(0, path.indexOf('?')) : path;
            return plain.substring(Math.max(plain.lastIndexOf('/'), plain.lastIndexOf(':')) + 1);
        }
    }

    /** Answers a request. */
    @FunctionalInterface
    public interface Handler {
        /** Writes an answer, or what passes for one; the connection is closed if it throws. */
        void answer(Request request, Answer answer) throws IOException;
    }

    /** Where an answer goes. */
    public static final class Answer {
        private final OutputStream out;

        private Answer(OutputStream out) {
            this.out = out;
        }

        /** Sends bytes as they are. */
        public void raw(String text) throws IOException {
            out.write(text.getBytes(StandardCharsets.ISO_8859_1));
            out.flush();
        }

        /** Sends a whole answer with a length. */
        public void send(int status, Map<String, String> headers, byte[] body) throws IOException {
            head(status, headers, body.length);
            out.write(body);
            out.flush();
        }

        /** Sends a whole answer with a text. */
        public void send(int status, String body) throws IOException {
            send(status, Map.of(), body.getBytes(StandardCharsets.UTF_8));
        }

        /** Sends the head of an answer whose body has a length, and leaves the body to the caller. */
        public void head(int status, Map<String, String> headers, long length) throws IOException {
            StringBuilder head =
                    new StringBuilder("HTTP/1.1 " + status + " Said\r\nContent-Length: " + length + "\r\n");
            headers.forEach((name, value) ->
                    head.append(name).append(": ").append(value).append("\r\n"));
            raw(head.append("\r\n").toString());
        }

        /** Sends bytes of a body. */
        public void body(byte[] bytes) throws IOException {
            out.write(bytes);
            out.flush();
        }
    }

    private interface Listener extends AutoCloseable {
        Connection accept() throws IOException;

        @Override
        void close() throws IOException;
    }

    /** Listens at the same place each time. */
    @FunctionalInterface
    private interface ListenerFactory {
        Listener listen() throws IOException;
    }

    /** Listens nowhere. */
    private static final Listener NOBODY = new Listener() {
        @Override
        public Connection accept() throws IOException {
            throw new IOException("nobody listens");
        }

        @Override
        public void close() {}
    };

    private record Connection(InputStream in, OutputStream out, AutoCloseable socket) {}

    private FaultyServer(Listener listener, ListenerFactory listeners, String address) {
        this.listener = listener;
        this.listeners = listeners;
        this.address = address;
        Thread.ofVirtual().start(() -> acceptForEver(listener));
    }

    /** Starts a server for plain HTTP. */
    public static FaultyServer start() throws IOException {
        return tcp(ServerSocketFactory.getDefault(), "http");
    }

    /** Starts a server for HTTPS. */
    public static FaultyServer startTls(SSLContext context) throws IOException {
        return tcp(context.getServerSocketFactory(), "https");
    }

    private static FaultyServer tcp(ServerSocketFactory sockets, String scheme) throws IOException {
        ServerSocket first = sockets.createServerSocket(0, BACKLOG, InetAddress.getLoopbackAddress());
        int port = first.getLocalPort();
        return new FaultyServer(
                listener(first, scheme),
                () -> listener(sockets.createServerSocket(port, BACKLOG, InetAddress.getLoopbackAddress()), scheme),
                scheme + "://localhost:" + port);
    }

    private static Listener listener(ServerSocket server, String scheme) {
        return new Listener() {
            @Override
            public Connection accept() throws IOException {
                Socket socket = server.accept();
                socket.setTcpNoDelay(true);
                return new Connection(socket.getInputStream(), socket.getOutputStream(), () -> {
                    if (!scheme.equals("https")) {
                        // So that the other side sees a reset where bytes are missing.
                        socket.setOption(StandardSocketOptions.SO_LINGER, 0);
                    }
                    socket.close();
                });
            }

            @Override
            public void close() throws IOException {
                server.close();
            }
        };
    }

    /** Starts a server on a Unix socket. */
    public static FaultyServer startOn(Path socket) throws IOException {
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(socket));
        Listener listener = new Listener() {
            @Override
            public Connection accept() throws IOException {
                SocketChannel channel = server.accept();
                return new Connection(Channels.newInputStream(channel), Channels.newOutputStream(channel), channel);
            }

            @Override
            public void close() throws IOException {
                server.close();
            }
        };
        return new FaultyServer(listener, () -> listener, socket.toString());
    }

    /** Returns the URL of the server without a slash at its end, or the path of its socket. */
    public String address() {
        return address;
    }

    /** Returns host and port. */
    public String host() {
        return address.substring(address.indexOf("//") + 2);
    }

    /** Adds a blob. */
    public FaultyServer with(String blobId, byte[] content) {
        blobs.put(blobId, content);
        return this;
    }

    /** Sets who answers from now on; the usual is {@link #serveBlob}. */
    public FaultyServer answer(Handler next) {
        handler = next;
        return this;
    }

    /** Returns who answers now. */
    public Handler handler() {
        return handler;
    }

    /** Adds an answer for one request; those added first answer first, and then the usual handler again. */
    public FaultyServer once(Handler fault) {
        faults.add(fault);
        return this;
    }

    /** Returns all requests since the last {@link #forget}, in the order in which they came. */
    public List<Request> requests() {
        return requests;
    }

    /** Returns how often each byte of a blob was asked for by GET. */
    public int[] fetches(String blobId) {
        int[] counts = new int[blobs.get(blobId).length];
        for (Request request : requests) {
            if (request.method().equals("GET") && request.blobId().equals(blobId)) {
                for (long i = request.first(); i <= Math.min(request.last(), counts.length - 1); i++) {
                    counts[(int) i]++;
                }
            }
        }
        return counts;
    }

    /** Returns how often somebody connected. */
    public int connectionCount() {
        return connectionCount.get();
    }

    /** Forgets the requests so far. */
    public void forget() {
        requests.clear();
    }

    /** Answers as a good server does. */
    public void serveBlob(Request request, Answer answer) throws IOException {
        byte[] blob = blobs.get(request.blobId());
        if (blob == null) {
            answer.send(404, "no such blob");
        } else if (request.method().equals("HEAD")) {
            answer.head(200, Map.of("Accept-Ranges", "bytes"), blob.length);
        } else if (request.header("range").isEmpty()) {
            answer.send(200, Map.of(), blob);
        } else if (request.first() >= blob.length) {
            answer.send(416, Map.of("Content-Range", "bytes */" + blob.length), new byte[0]);
        } else {
            byte[] part = part(request, blob);
            answer.send(206, Map.of("Content-Range", contentRange(request, blob)), part);
        }
    }

    /** Returns the right bytes for a request. */
    public byte[] part(Request request) {
        return part(request, blobs.get(request.blobId()));
    }

    private static byte[] part(Request request, byte[] blob) {
        int first = (int) request.first();
        int length = (int) Math.min(request.last() - first + 1, blob.length - first);
        byte[] part = new byte[length];
        System.arraycopy(blob, first, part, 0, length);
        return part;
    }

    /** Returns the right {@code Content-Range} for a request. */
    public String contentRange(Request request) {
        return contentRange(request, blobs.get(request.blobId()));
    }

    private static String contentRange(Request request, byte[] blob) {
        return "bytes " + request.first() + "-" + Math.min(request.last(), blob.length - 1) + "/" + blob.length;
    }

    /** Refuses connections from now on, but keeps those there are. Not for Unix sockets. */
    public void stopListening() throws IOException {
        Listener old = listener;
        listener = NOBODY;
        old.close();
    }

    /** Takes connections again, at the same port. */
    public void listenAgain() throws IOException {
        Listener next = listeners.listen();
        listener = next;
        Thread.ofVirtual().start(() -> acceptForEver(next));
    }

    private void acceptForEver(Listener own) {
        while (!closed) {
            try {
                Connection connection = own.accept();
                connections.add(connection.socket());
                connectionCount.incrementAndGet();
                Thread.ofVirtual().start(() -> serve(connection));
            } catch (IOException e) {
                if (!closed && listener == own) {
                    throw new UncheckedIOException(e);
                }
                return;
            }
        }
    }

    private void serve(Connection connection) {
        try (AutoCloseable _ = connection.socket()) {
            InputStream in = new BufferedInputStream(connection.in());
            in.mark(1);
            if (in.read() == TLS_HELLO) {
                // Plain servers say so in plain text.
                new Answer(connection.out()).send(400, "this is no HTTPS");
                in.readAllBytes();
                return;
            }
            in.reset();
            for (Request request = read(in); request != null; request = read(in)) {
                requests.add(request);
                Handler fault = faults.poll();
                (fault == null ? handler : fault).answer(request, new Answer(connection.out()));
            }
        } catch (Exception e) {
            // The other side went, or the test wanted it so.
        } finally {
            connections.remove(connection.socket());
        }
    }

    private static @Nullable Request read(InputStream in) throws IOException {
        String first = line(in);
        if (first.isEmpty()) {
            return null;
        }
        Map<String, String> headers = new TreeMap<>();
        for (String line = line(in); !line.isEmpty(); line = line(in)) {
            int colon = line.indexOf(':');
            headers.put(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
        int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
        String body = new String(in.readNBytes(length), StandardCharsets.UTF_8);
        String[] parts = first.split(" ", 3);
        return new Request(parts[0], parts[1], headers, body);
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = in.read(); next >= 0 && next != '\n'; next = in.read()) {
            if (next != '\r') {
                line.append((char) next);
            }
        }
        return line.toString();
    }

    /** Stops listening and cuts all connections. */
    @Override
    public void close() {
        closed = true;
        try {
            listener.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        cutConnections();
    }

    /** Cuts all connections; clients may make new ones. */
    public void cutConnections() {
        for (AutoCloseable connection : connections) {
            try {
                connection.close();
            } catch (Exception e) {
                // It closed itself meanwhile.
            }
        }
    }
}
