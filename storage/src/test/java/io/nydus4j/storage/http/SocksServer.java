package io.nydus4j.storage.http;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;

/** A SOCKS 5 proxy (RFC 1928) on the loopback that lets everybody through and counts. */
public final class SocksServer implements AutoCloseable {
    private static final int VERSION = 5;
    private static final int BY_NAME = 3;

    private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final AtomicInteger connections = new AtomicInteger();

    /** Starts one. */
    public SocksServer() throws IOException {
        Thread.ofVirtual().start(() -> {
            while (!listener.isClosed()) {
                try {
                    Socket client = listener.accept();
                    Thread.ofVirtual().start(() -> serve(client));
                } catch (IOException e) {
                    return;
                }
            }
        });
    }

    /** Returns host and port. */
    public String host() {
        return "127.0.0.1:" + listener.getLocalPort();
    }

    /** Returns how many connections it made. */
    public int connections() {
        return connections.get();
    }

    private void serve(Socket client) {
        try (client) {
            DataInputStream in = new DataInputStream(client.getInputStream());
            OutputStream out = client.getOutputStream();
            if (in.read() != VERSION) {
                return;
            }
            in.readNBytes(in.read());
            out.write(new byte[] {VERSION, 0});
            in.readNBytes(3); // version, command, nothing
            byte[] address = in.readNBytes(in.read() == BY_NAME ? in.read() : 4);
            InetAddress host = address.length == 4
                    ? InetAddress.getByAddress(address)
                    : InetAddress.getByName(new String(address, StandardCharsets.US_ASCII));
            try (Socket server = new Socket(host, in.readUnsignedShort())) {
                connections.incrementAndGet();
                out.write(new byte[] {VERSION, 0, 0, 1, 0, 0, 0, 0, 0, 0});
                InputStream answers = server.getInputStream();
                Thread.ofVirtual().start(() -> copy(answers, out));
                copy(in, server.getOutputStream());
            }
        } catch (IOException e) {
            // One side went.
        }
    }

    private static void copy(InputStream in, OutputStream out) {
        try {
            in.transferTo(out);
        } catch (IOException e) {
            // One side went.
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}
