package io.nydus4j.daemon.http;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * An HTTP/1.1 server on a Unix socket: connections stay open, requests on one connection are answered in order, those on several at
 * once. Safe for use by several threads.
 *
 * <p>What a client can cost is bounded: {@value #MAX_CONNECTIONS} connections, a request of at most
 * {@value RequestReader#MAX_HEAD} + {@value RequestReader#MAX_BODY} bytes, and some seconds to send it once begun and to take
 * the answer. The socket is open to its owner only.
 *
 * <p>It is our own because a library's would take a good part of the time in which the daemon must be ready; how the bytes look
 * follows the reference's server, whose clients parse them.
 */
public final class HttpServer implements AutoCloseable {
    /** Number of connections at once; one more is closed without an answer. Mirrors the reference's limit. */
    public static final int MAX_CONNECTIONS = 256;

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Path path;
    private final ServerSocketChannel listener;
    private final HttpHandler handler;
    private final long patienceNanos;
    private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
    private final Thread acceptor;
    private volatile boolean closed;

    private HttpServer(Path path, ServerSocketChannel listener, HttpHandler handler, Duration patience) {
        this.path = path;
        this.listener = listener;
        this.handler = handler;
        this.patienceNanos = patience.toNanos();
        this.acceptor = Thread.ofPlatform().daemon().name("nydus-http-server").unstarted(this::accept);
    }

    /**
     * Starts a server. A file that is at its place is removed first, but not the socket of a server that lives.
     *
     * @param path    where the socket shall be
     * @param handler answers
     * @throws IOException if the socket cannot be made
     */
    public static HttpServer start(Path path, HttpHandler handler) throws IOException {
        return start(path, handler, PATIENCE);
    }

    /** Starts a server that waits {@code patience} for the rest of a request. */
    static HttpServer start(Path path, HttpHandler handler, Duration patience) throws IOException {
        refuseIfServed(path);
        Files.deleteIfExists(path);
        ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            bind(listener, path);
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
        } catch (IOException | RuntimeException e) {
            listener.close();
            throw e;
        }
        HttpServer server = new HttpServer(path, listener, handler, patience);
        server.acceptor.start();
        return server;
    }

    /** Says where, which the JDK does not. */
    private static void bind(ServerSocketChannel listener, Path path) throws IOException {
        try {
            listener.bind(UnixDomainSocketAddress.of(path));
        } catch (SocketException e) {
            throw new IOException("the API socket " + path + " cannot be made: " + e.getMessage(), e);
        }
    }

    /** Whoever serves there could not be reached any more. (The reference takes the place nevertheless.) */
    private static void refuseIfServed(Path path) throws IOException {
        if (!Files.exists(path)) {
            return;
        }
        try (SocketChannel _ = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            throw new BindException("another process serves the API at " + path);
        } catch (ConnectException e) {
            // It is left of one that died, or no socket.
        }
    }

    /** Returns where the socket is. */
    public Path path() {
        return path;
    }

    /** Stops listening, closes the connections, and removes the socket. Requests being handled are not waited for. */
    @Override
    public void close() throws IOException {
        closed = true;
        listener.close();
        for (Connection connection : connections) {
            connection.close();
        }
        Files.deleteIfExists(path);
    }

    private void accept() {
        boolean watched = false;
        while (!closed) {
            try {
                SocketChannel channel = listener.accept();
                if (connections.size() >= MAX_CONNECTIONS) {
                    channel.close();
                    continue;
                }
                if (!watched) {
                    watched = true;
                    Thread.ofVirtual().name("nydus-http-watch").start(this::watch);
                }
                Connection connection = new Connection(channel);
                connections.add(connection);
                Thread.ofVirtual().name("nydus-http-connection").start(connection);
            } catch (IOException e) {
                if (closed || !listener.isOpen()) {
                    return;
                }
                pause();
            }
        }
    }

    /** Closes connections that take too long. */
    private void watch() {
        while (!closed) {
            pause();
            long now = System.nanoTime();
            for (Connection connection : connections) {
                if (connection.isLate(now)) {
                    connection.close();
                }
            }
        }
    }

    private void pause() {
        try {
            Thread.sleep(Duration.ofNanos(Math.min(patienceNanos / 4, 1_000_000_000L)));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** One client. */
    private final class Connection implements Runnable {
        private final SocketChannel channel;
        private final RequestReader reader = new RequestReader();

        /** Until when what is going on must end, by {@link System#nanoTime()}; {@link Long#MAX_VALUE} while nothing is due. */
        private volatile long deadline = Long.MAX_VALUE;

        Connection(SocketChannel channel) {
            this.channel = channel;
        }

        boolean isLate(long now) {
            long due = deadline;
            return due != Long.MAX_VALUE && now - due > 0;
        }

        void close() {
            try {
                channel.close();
            } catch (IOException e) {
                // The descriptor is gone all the same.
            }
        }

        @Override
        public void run() {
            try (channel) {
                ByteBuffer buffer = ByteBuffer.allocate(8192);
                while (channel.read(buffer.clear()) >= 0) {
                    reader.take(buffer.flip());
                    if (!answerAll()) {
                        return;
                    }
                    setDeadline(reader.pending());
                }
            } catch (IOException e) {
                // The client went away, or was too slow: there is nobody to tell.
            } finally {
                connections.remove(this);
            }
        }

        /** Answers what has come; returns whether the connection can go on. */
        private boolean answerAll() throws IOException {
            while (true) {
                try {
                    HttpRequest request = reader.next();
                    if (request == null) {
                        if (!reader.takeExpectation()) {
                            return true;
                        }
                        write(HttpResponse.proceed());
                        continue;
                    }
                    deadline = Long.MAX_VALUE;
                    write(handler.handle(request).encode());
                } catch (MalformedRequestException e) {
                    write(HttpResponse.malformed(e.problem(), e.framed()));
                    if (!e.framed()) {
                        return false;
                    }
                }
            }
        }

        private void write(byte[] bytes) throws IOException {
            long before = deadline;
            deadline = System.nanoTime() + patienceNanos;
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            deadline = before;
        }

        private void setDeadline(boolean pending) {
            if (!pending) {
                deadline = Long.MAX_VALUE;
            } else if (deadline == Long.MAX_VALUE) {
                deadline = System.nanoTime() + patienceNanos;
            }
        }
    }
}
