package io.nydus4j.cli;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * A registry on the loopback with the blobs of one folder, for the training run of the daemon: a daemon that never asked a registry
 * would load and link all that takes when its first reader waits. It wants a token, which everybody gets, and knows no more than that
 * and ranges of blobs. Only the launchers use it.
 */
public final class TrainingRegistry {
    private static final int LONGEST_HEAD = 16 << 10;
    private static final Pattern BLOB =
            Pattern.compile("(GET|HEAD) /v2/.*/blobs/sha256:([0-9a-f]{64}) .*", Pattern.DOTALL);
    private static final Pattern RANGE =
            Pattern.compile(".*\r\nRange: bytes=([0-9]{1,18})-([0-9]{1,18})\r\n.*", Pattern.DOTALL);

    private final Path folder;
    private final int port;

    private TrainingRegistry(Path folder, int port) {
        this.folder = folder;
        this.port = port;
    }

    /**
     * Serves in plain text and by TLS until it is killed, after a line with the two ports.
     *
     * @param args the folder; a key store (PKCS #12) with the server's key; its password
     */
    public static void main(String[] args) throws IOException, GeneralSecurityException {
        KeyStore keys = KeyStore.getInstance(Path.of(args[1]).toFile(), args[2].toCharArray());
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, args[2].toCharArray());
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(managers.getKeyManagers(), null, null);
        System.out.println(start(Path.of(args[0]), tls));
    }

    /** The ports of a registry. */
    record Ports(int plain, int secure) {
        /** Returns both in one line, as the launchers read them. */
        @Override
        public String toString() {
            return plain + " " + secure;
        }
    }

    /** Starts a registry that serves as long as the process lives. */
    static Ports start(Path folder, SSLContext tls) throws IOException {
        InetAddress here = InetAddress.getLoopbackAddress();
        ServerSocket plain = new ServerSocket(0, 0, here);
        ServerSocket secure = tls.getServerSocketFactory().createServerSocket(0, 0, here);
        TrainingRegistry registry = new TrainingRegistry(folder, plain.getLocalPort());
        for (ServerSocket server : new ServerSocket[] {plain, secure}) {
            Thread.ofPlatform().name("nydus-training-registry").start(() -> registry.accept(server));
        }
        return new Ports(plain.getLocalPort(), secure.getLocalPort());
    }

    private void accept(ServerSocket server) {
        while (true) {
            try {
                Socket socket = server.accept();
                Thread.ofVirtual().start(() -> serve(socket));
            } catch (IOException e) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            InputStream in = new BufferedInputStream(socket.getInputStream());
            String head = head(in);
            while (!head.isEmpty()) {
                answer(head, socket.getOutputStream());
                head = head(in);
            }
        } catch (IOException e) {
            // The client went away.
        }
    }

    /** Returns a request up to its empty line; nothing at the end of the stream. */
    private static String head(InputStream in) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        int newlines = 0;
        while (newlines < 2) {
            int next = in.read();
            if (next < 0 || head.size() > LONGEST_HEAD) {
                return "";
            }
            head.write(next);
            newlines = next == '\n' ? newlines + 1 : next == '\r' ? newlines : 0;
        }
        return head.toString(StandardCharsets.ISO_8859_1);
    }

    private void answer(String request, OutputStream out) throws IOException {
        Matcher blob = BLOB.matcher(request);
        if (request.startsWith("GET /token?")) {
            send(out, "200 OK", "Content-Type: application/json", "{\"token\": \"training\", \"expires_in\": 300}");
        } else if (!request.contains("\r\nAuthorization: Bearer training\r\n")) {
            String challenge = "WWW-Authenticate: Bearer realm=\"http://127.0.0.1:" + port
                    + "/token\",service=\"training\",scope=\"repository:training:pull\"";
            send(out, "401 Unauthorized", challenge, "{}");
        } else if (blob.matches()) {
            sendBlob(out, folder.resolve(blob.group(2)), blob.group(1).equals("HEAD"), RANGE.matcher(request));
        } else {
            send(out, "404 Not Found", "Content-Type: application/json", "{}");
        }
    }

    private static void send(OutputStream out, String status, String header, String body) throws IOException {
        send(out, status, header, body.getBytes(StandardCharsets.US_ASCII));
    }

    private static void send(OutputStream out, String status, String header, byte[] body) throws IOException {
        String head = "HTTP/1.1 " + status + "\r\nContent-Length: " + body.length + "\r\n" + header + "\r\n\r\n";
        out.write(head.getBytes(StandardCharsets.ISO_8859_1));
        out.write(body);
    }

    private static void sendBlob(OutputStream out, Path file, boolean size, Matcher range) throws IOException {
        if (!Files.exists(file)) {
            send(out, "404 Not Found", "Content-Type: application/json", "{}");
            return;
        }
        if (size || !range.matches()) {
            out.write(("HTTP/1.1 200 OK\r\nContent-Length: " + Files.size(file) + "\r\n\r\n")
                    .getBytes(StandardCharsets.ISO_8859_1));
            if (!size) {
                Files.copy(file, out);
            }
            return;
        }
        try (FileChannel channel = FileChannel.open(file)) {
            long first = Long.parseLong(range.group(1));
            long last = Math.min(Long.parseLong(range.group(2)), channel.size() - 1);
            ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(Math.max(last - first + 1, 0)));
            while (bytes.hasRemaining() && channel.read(bytes, first + bytes.position()) > 0) {}
            send(
                    out,
                    "206 Partial Content",
                    "Content-Range: bytes " + first + "-" + last + "/" + channel.size(),
                    bytes.array());
        }
    }
}
