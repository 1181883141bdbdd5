package io.nydus4j.storage.config;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Blobs behind a plain HTTP server, remote or on a Unix socket.
 *
 * @param address URL, or absolute path of a socket
 * @param path    put before blob ids
 * @param network connection
 */
public record HttpProxySettings(String address, String path, NetworkSettings network) implements BackendSettings {
    @Override
    public String kind() {
        return "http-proxy";
    }

    @Override
    public Optional<String> problem() {
        return address.startsWith("http://") || address.startsWith("https://") || isExistingPath(address)
                ? network.problem()
                : Optional.of("backend.http-proxy: addr must be an http(s) URL or the absolute path of a socket");
    }

    /** Returns the address without user and password. */
    public String shownAddress() {
        return ProxySettings.withoutUser(address);
    }

    /** Shows the settings without user and password. */
    @Override
    public String toString() {
        return "HttpProxySettings[address=" + shownAddress() + ", path=" + path + ", network=" + network + "]";
    }

    HttpProxySettings withoutSecrets() {
        return new HttpProxySettings(shownAddress(), path, network.withoutSecrets());
    }

    private static boolean isExistingPath(String address) {
        try {
            Path path = Path.of(address);
            return path.isAbsolute() && Files.exists(path);
        } catch (InvalidPathException e) {
            return false;
        }
    }
}
