package io.nydus4j.storage.registry;

import io.nydus4j.storage.config.Secret;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * Who asks a registry.
 *
 * @param user          name, empty if there is only a token
 * @param password      goes with the name
 * @param identityToken a token that other tokens are given for; counts instead of name and password unless it is empty
 */
public record RegistryCredentials(String user, Secret password, Secret identityToken) {
    /**
     * Returns name and password.
     *
     * @param password possibly empty
     */
    public static RegistryCredentials of(String user, String password) {
        return new RegistryCredentials(user, new Secret(password), Secret.NONE);
    }

    /**
     * Reads {@code user:password} in base64, as configurations have it.
     *
     * @throws IOException if it is something else; tells nothing of it
     */
    public static RegistryCredentials decode(Secret auth) throws IOException {
        byte[] bytes;
        try {
            bytes = Base64.getDecoder().decode(auth.value().strip());
        } catch (IllegalArgumentException e) {
            throw new IOException("Invalid base64 encoded registry auth config");
        }
        String text;
        try {
            text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new IOException("Invalid utf-8 encoded registry auth config");
        }
        int colon = text.indexOf(':');
        if (colon < 0) {
            throw new IOException("Invalid registry auth config");
        }
        return of(text.substring(0, colon), text.substring(colon + 1));
    }

    /** Returns the value of an {@code Authorization} header. */
    Secret basic() {
        String text = user + ":" + password.value();
        return new Secret("Basic " + Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8)));
    }
}
