package io.nydus4j.storage.http;

import io.nydus4j.linux.Requirements;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A real {@code nginx} with one server, whose access log tells what was asked for. */
public final class NginxServer implements AutoCloseable {
    private static final Pattern ACCESS =
            Pattern.compile("([A-Z]+) (\\S+) ([0-9]+) ([0-9]+) (?:-|bytes ([0-9]+)-([0-9]+)/.*)");
    private static final int PATIENCE_SECONDS = 10;

    private final Process process;
    private final Path log;

    /**
     * A request that was answered.
     *
     * @param first the first byte of the answer in the file, 0 if all of it was sent
     */
    public record Access(String method, String path, int status, long bytes, long first) {}

    private NginxServer(Process process, Path log) {
        this.process = process;
        this.log = log;
    }

    /** Returns a port on the loopback at which nobody listens. */
    public static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** Starts one at a port of the loopback; skips the test where there is no nginx. See {@link #startOn}. */
    public static NginxServer start(Path folder, int port, String server) throws IOException {
        return start(
                folder, "127.0.0.1:" + port, new InetSocketAddress(InetAddress.getLoopbackAddress(), port), server);
    }

    /** Starts one for HTTPS at a port of the loopback, with a certificate. */
    public static NginxServer startTls(Path folder, int port, TestCertificates certificates, String server)
            throws IOException {
        String tls = "ssl_certificate " + certificates.pem() + "; ssl_certificate_key " + certificates.keyPem() + "; ";
        return start(
                folder,
                "127.0.0.1:" + port + " ssl",
                new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
                tls + server);
    }

    /**
     * Starts one on a Unix socket.
     *
     * @param folder takes its files; below it may be what it serves
     * @param server what the configuration says of the server, such as {@code location / { root /some/where; }}
     */
    public static NginxServer startOn(Path folder, Path socket, String server) throws IOException {
        return start(folder, "unix:" + socket, UnixDomainSocketAddress.of(socket), server);
    }

    private static NginxServer start(Path folder, String listen, SocketAddress address, String server)
            throws IOException {
        Requirements.program("nginx");
        Path own = Files.createTempDirectory(folder, "nginx");
        Path log = Files.createFile(own.resolve("access.log"));
        Path configuration = own.resolve("nginx.conf");
        Files.writeString(configuration, """
            daemon off;
            pid %1$s/pid;
            error_log stderr;
            events {}
            http {
              log_format ranges '$request_method $request_uri $status $body_bytes_sent $sent_http_content_range';
              access_log %1$s/access.log ranges;
              client_body_temp_path %1$s; proxy_temp_path %1$s; fastcgi_temp_path %1$s;
              uwsgi_temp_path %1$s; scgi_temp_path %1$s;
              server { listen %2$s; %3$s }
            }
            """.formatted(own, listen, server));
        for (Path each : List.of(folder, own)) {
            each.toFile().setExecutable(true, false);
            each.toFile().setReadable(true, false);
        }
        List<String> command = new ArrayList<>(List.of("nginx", "-p", own.toString(), "-c", configuration.toString()));
        if (Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0)) {
            command.addAll(List.of("-g", "user root;"));
        }
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(own.resolve("error.log").toFile())
                .start();
        NginxServer started = new NginxServer(process, log);
        try {
            awaitServer(process, address, own.resolve("error.log"));
            return started;
        } catch (IOException e) {
            started.close();
            throw e;
        }
    }

    /** Waits until somebody listens at an address, for as long as a process lives. */
    static void awaitServer(Process process, SocketAddress address, Path log) throws IOException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (true) {
            try (SocketChannel _ = SocketChannel.open(address)) {
                return;
            } catch (IOException e) {
                if (!process.isAlive() || System.nanoTime() > end) {
                    throw new IOException("the server did not start: " + Files.readString(log), e);
                }
            }
            try {
                Thread.sleep(20);
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }
    }

    /** Returns the requests that were answered, in order; the last may be missing for a moment. */
    public List<Access> accesses() throws IOException {
        List<Access> accesses = new ArrayList<>();
        for (String line : Files.readAllLines(log)) {
            Matcher access = ACCESS.matcher(line);
            if (access.matches()) {
                accesses.add(new Access(
                        access.group(1),
                        access.group(2),
                        Integer.parseInt(access.group(3)),
                        Long.parseLong(access.group(4)),
                        access.group(5) == null ? 0 : Long.parseLong(access.group(5))));
            }
        }
        return accesses;
    }

    /** Returns how often each byte of a file was sent: one that nobody asked for never. */
    public int[] timesSent(String name, long size) throws IOException {
        int[] times = new int[Math.toIntExact(size)];
        for (Access access : accesses()) {
            if (access.method().equals("GET") && access.path().endsWith(name) && access.status() < 300) {
                for (long i = access.first(); i < access.first() + access.bytes(); i++) {
                    times[(int) i]++;
                }
            }
        }
        return times;
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
