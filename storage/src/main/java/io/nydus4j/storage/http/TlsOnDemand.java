package io.nydus4j.storage.http;

import io.nydus4j.storage.config.NetworkSettings;
import java.io.IOException;
import java.net.Socket;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLSocket;
import org.apache.hc.client5.http.ssl.DefaultClientTlsStrategy;
import org.apache.hc.client5.http.ssl.HostnameVerificationPolicy;
import org.apache.hc.client5.http.ssl.HttpsSupport;
import org.apache.hc.client5.http.ssl.NoopHostnameVerifier;
import org.apache.hc.client5.http.ssl.TlsSocketStrategy;
import org.apache.hc.core5.http.protocol.HttpContext;
import org.jspecify.annotations.Nullable;

/**
 * Secures connections as a backend's settings say. What TLS needs, the platform's roots above all, takes long to load and is loaded
 * when the first connection is to be secured: many servers are asked in plain text. Safe for use by several threads.
 */
final class TlsOnDemand implements TlsSocketStrategy {
    private final NetworkSettings settings;
    private final Lock lock = new ReentrantLock();
    private volatile @Nullable TlsSocketStrategy loaded;

    /**
     * Makes a strategy.
     *
     * @throws IOException if a file of certificates cannot be read
     */
    TlsOnDemand(NetworkSettings settings) throws IOException {
        this.settings = settings;
        if (!settings.skipVerify() && !settings.caCertificateFiles().isEmpty()) {
            load();
        }
    }

    /** Loads what TLS needs, unless that has been done. */
    TlsSocketStrategy load() throws IOException {
        TlsSocketStrategy strategy = loaded;
        if (strategy != null) {
            return strategy;
        }
        lock.lock();
        try {
            strategy = loaded;
            if (strategy == null) {
                strategy = settings.skipVerify()
                        ? new DefaultClientTlsStrategy(
                                Trust.contextOf(settings),
                                HostnameVerificationPolicy.CLIENT,
                                NoopHostnameVerifier.INSTANCE)
                        : new DefaultClientTlsStrategy(
                                Trust.contextOf(settings),
                                HostnameVerificationPolicy.BOTH,
                                HttpsSupport.getDefaultHostnameVerifier());
                loaded = strategy;
            }
            return strategy;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public SSLSocket upgrade(Socket socket, String target, int port, Object attachment, HttpContext context)
            throws IOException {
        return load().upgrade(socket, target, port, attachment, context);
    }
}
