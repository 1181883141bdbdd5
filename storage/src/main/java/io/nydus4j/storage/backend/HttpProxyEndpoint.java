package io.nydus4j.storage.backend;

import io.nydus4j.storage.config.HttpProxySettings;
import io.nydus4j.storage.http.BlobEndpoint;
import io.nydus4j.storage.http.ByteRange;
import io.nydus4j.storage.http.HttpCall;
import io.nydus4j.storage.http.HttpSender;
import io.nydus4j.storage.http.HttpTransport;
import io.nydus4j.storage.http.NetworkClient;
import io.nydus4j.storage.http.ReplyReader;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * Blobs of a plain HTTP server, at its address followed by path and blob id. The server is remote, or on a Unix socket of this machine.
 */
final class HttpProxyEndpoint implements BlobEndpoint {
    private final String base;
    private final HttpSender sender;

    private HttpProxyEndpoint(String base, HttpSender sender) {
        this.base = base;
        this.sender = sender;
    }

    static HttpProxyEndpoint open(HttpProxySettings settings, Map<String, String> environment) throws IOException {
        String address = settings.address();
        String path = settings.path();
        if (!path.isEmpty() && !path.endsWith("/")) {
            path += "/";
        }
        if (address.startsWith("http://") || address.startsWith("https://")) {
            String base = joined(address, path);
            String origin = URI.create(base).getRawAuthority();
            return new HttpProxyEndpoint(base, new NetworkClient(settings.network(), origin, environment));
        }
        return new HttpProxyEndpoint(
                joined("http://localhost", path), HttpTransport.over(settings.network(), Path.of(address)));
    }

    /** Puts exactly one slash between the two. */
    private static String joined(String address, String path) {
        String start = address.endsWith("/") ? address.substring(0, address.length() - 1) : address;
        return start + (path.startsWith("/") ? path : "/" + path);
    }

    @Override
    public <T> T send(String method, String blobId, Optional<ByteRange> range, ReplyReader<T> reader)
            throws IOException {
        HttpCall call = HttpCall.of(method, address(blobId));
        return sender.send(range.map(call::with).orElse(call), reader);
    }

    private URI address(String blobId) throws IOException {
        try {
            return new URI(base + blobId);
        } catch (URISyntaxException e) {
            throw new IOException("blob id and address make no URL: " + e.getReason(), e);
        }
    }

    @Override
    public void close() {
        sender.close();
    }
}
