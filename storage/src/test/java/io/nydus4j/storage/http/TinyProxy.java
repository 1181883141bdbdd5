package io.nydus4j.storage.http;

import io.nydus4j.linux.Requirements;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A real HTTP proxy ({@code tinyproxy}) on the loopback, which wants user and password. */
public final class TinyProxy implements AutoCloseable {
    private final Process process;
    private final Path log;
    private final int port;

    private TinyProxy(Process process, Path log, int port) {
        this.process = process;
        this.log = log;
        this.port = port;
    }

    /** Starts one that lets {@code user} in with {@code password}; skips the test where there is none. */
    public static TinyProxy start(Path folder, String user, String password) throws IOException {
        Requirements.program("tinyproxy");
        Path log = folder.resolve("tinyproxy.log");
        int port = NginxServer.freePort();
        Path configuration =
                Files.writeString(folder.resolve("tinyproxy.conf"), """
                    Port %d
                    Listen 127.0.0.1
                    Timeout 60
                    LogFile "%s"
                    LogLevel Connect
                    MaxClients 100
                    Allow 127.0.0.1
                    BasicAuth %s %s
                    """.formatted(port, log, user, password));
        Path output = folder.resolve("tinyproxy.out");
        Process process = new ProcessBuilder("tinyproxy", "-d", "-c", configuration.toString())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        TinyProxy started = new TinyProxy(process, log, port);
        try {
            NginxServer.awaitServer(process, new InetSocketAddress(InetAddress.getLoopbackAddress(), port), output);
            return started;
        } catch (IOException e) {
            started.close();
            throw e;
        }
    }

    /** Returns host and port. */
    public String host() {
        return "127.0.0.1:" + port;
    }

    /** Returns what was asked of it, as it notes that: {@code GET http://...} or {@code CONNECT host:port}. */
    public List<String> requests() throws IOException {
        return Files.readAllLines(log).stream()
                .filter(line -> line.contains("Request (file descriptor"))
                .map(line -> line.replaceAll(".*\\): ", ""))
                .toList();
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
