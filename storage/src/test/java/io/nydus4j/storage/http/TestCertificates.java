package io.nydus4j.storage.http;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * A certificate of a server and the key to it, made by the JDK's keytool.
 *
 * @param context  for the server
 * @param pem      the certificate in a file, to be trusted by clients
 * @param keyPem   the key in a file, for servers that are not ours
 * @param keyStore the key store with both
 */
public record TestCertificates(SSLContext context, Path pem, Path keyPem, KeyStore keyStore) {
    /** Password of the key store. */
    public static final char[] PASSWORD = "changeit".toCharArray();

    /**
     * Makes a certificate.
     *
     * @param name   the server's name in the DNS
     * @param folder takes the files
     */
    public static TestCertificates of(String name, Path folder) throws IOException, GeneralSecurityException {
        Path store = folder.resolve(name + ".p12");
        Path tool = Path.of(System.getProperty("java.home"), "bin", "keytool");
        Process process = new ProcessBuilder(
                        tool.toString(),
                        "-genkeypair",
                        "-alias",
                        "server",
                        "-keyalg",
                        "RSA",
                        "-keysize",
                        "2048",
                        "-dname",
                        "CN=" + name,
                        "-ext",
                        "san=dns:" + name,
                        "-keystore",
                        store.toString(),
                        "-storetype",
                        "PKCS12",
                        "-storepass",
                        new String(PASSWORD),
                        "-validity",
                        "100")
                .redirectErrorStream(true)
                .start();
        process.getInputStream().readAllBytes();
        try {
            if (!process.waitFor(30, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IOException("keytool failed");
            }
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, PASSWORD);
        }
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, PASSWORD);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        Path pem = folder.resolve(name + ".pem");
        write(pem, "CERTIFICATE", keys.getCertificate("server").getEncoded());
        Path keyPem = folder.resolve(name + ".key");
        write(keyPem, "PRIVATE KEY", keys.getKey("server", PASSWORD).getEncoded());
        return new TestCertificates(context, pem, keyPem, keys);
    }

    private static void write(Path file, String what, byte[] encoded) throws IOException {
        String text = Base64.getMimeEncoder().encodeToString(encoded);
        Files.writeString(file, "-----BEGIN " + what + "-----\n" + text + "\n-----END " + what + "-----\n");
    }
}
