package io.nydus4j.storage.http;

import io.nydus4j.storage.config.NetworkSettings;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.net.ssl.X509TrustManager;

/** Decides which servers are believed to be who they say: by the platform's roots and further ones, or all of them. */
final class Trust {
    private Trust() {}

    /**
     * Makes the TLS context for a backend.
     *
     * @throws IOException if a file of certificates cannot be read
     */
    static SSLContext contextOf(NetworkSettings settings) throws IOException {
        try {
            if (!settings.skipVerify() && settings.caCertificateFiles().isEmpty()) {
                return SSLContext.getDefault();
            }
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, settings.skipVerify() ? new TrustManager[] {new Everyone()} : rootsAnd(settings), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IOException("cannot set up TLS: " + e.getMessage(), e);
        }
    }

    private static TrustManager[] rootsAnd(NetworkSettings settings) throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        int count = 0;
        TrustManagerFactory usual = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        usual.init((KeyStore) null);
        for (TrustManager manager : usual.getTrustManagers()) {
            if (manager instanceof X509TrustManager roots) {
                for (X509Certificate root : roots.getAcceptedIssuers()) {
                    store.setCertificateEntry("root-" + count++, root);
                }
            }
        }
        CertificateFactory certificates = CertificateFactory.getInstance("X.509");
        for (String file : settings.caCertificateFiles()) {
            try (InputStream in = Files.newInputStream(Path.of(file))) {
                for (Certificate certificate : certificates.generateCertificates(in)) {
                    store.setCertificateEntry("file-" + count++, certificate);
                }
            } catch (IOException | GeneralSecurityException e) {
                throw new IOException("cannot read the certificates in " + file + ": " + e.getMessage(), e);
            }
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return factory.getTrustManagers();
    }

    /** Believes everyone: for {@code skip_verify}. */
    private static final class Everyone extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
