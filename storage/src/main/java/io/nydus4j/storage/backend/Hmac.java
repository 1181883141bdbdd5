package io.nydus4j.storage.backend;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Keyed digests of texts. */
final class Hmac {
    private Hmac() {}

    /**
     * Returns the digest of a text.
     *
     * @param algorithm such as {@code HmacSHA256}, which each JDK has
     */
    static byte[] of(String algorithm, byte[] key, String text) {
        try {
            Mac mac = Mac.getInstance(algorithm);
            mac.init(new SecretKeySpec(key, algorithm));
            return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JDK lacks " + algorithm, e);
        }
    }
}
