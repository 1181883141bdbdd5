package io.nydus4j.storage.registry;

import io.nydus4j.storage.config.ConfigurationException;
import io.nydus4j.storage.config.DocumentNode;
import io.nydus4j.storage.config.JsonDocument;
import io.nydus4j.storage.config.Secret;
import io.nydus4j.storage.http.HttpCall;
import io.nydus4j.storage.http.HttpReply;
import io.nydus4j.storage.http.HttpStatusException;
import io.nydus4j.storage.http.NetworkClient;
import java.io.IOException;
import java.math.BigInteger;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Gets tokens from the service that a challenge names: by GET, as registries describe it, or by POST where only that is understood or
 * there is an identity token. Safe for use by several threads.
 */
final class TokenService {
    private static final String CLIENT = "nydus-registry-client";
    private static final int LONGEST_REPLY = 1 << 20;
    private static final long USUAL_LIFE_SECONDS = 600;
    private static final long LONGEST_LIFE_SECONDS = 365L * 24 * 3600;

    private final NetworkClient client;
    private volatile boolean wantsPost;

    TokenService(NetworkClient client) {
        this.client = client;
    }

    /** A token and how long it lives. */
    record Token(Secret value, long lifeSeconds) {}

    /**
     * Gets a token. Blocks on the network.
     *
     * @throws IOException if the service gives none
     */
    Token fetch(Challenge challenge, Optional<RegistryCredentials> credentials) throws IOException {
        URI realm;
        try {
            realm = new URI(challenge.parameter("realm"));
        } catch (URISyntaxException e) {
            throw new IOException("the registry names no token service", e);
        }
        if (!"https".equals(realm.getScheme()) && !"http".equals(realm.getScheme())) {
            throw new IOException("the registry names no token service");
        }
        boolean identity =
                credentials.isPresent() && !credentials.get().identityToken().isEmpty();
        if (identity || wantsPost) {
            return post(realm, challenge, credentials);
        }
        try {
            return get(realm, challenge, credentials);
        } catch (HttpStatusException e) {
            if (e.status() != 404 && e.status() != 405 && e.status() != 400) {
                throw e;
            }
            Token token = post(realm, challenge, credentials);
            wantsPost = true;
            return token;
        }
    }

    private Token get(URI realm, Challenge challenge, Optional<RegistryCredentials> credentials) throws IOException {
        String query = HttpCall.encode(fields(challenge));
        String base = realm.toString();
        HttpCall call = HttpCall.of("GET", URI.create(base + (realm.getRawQuery() == null ? "?" : "&") + query));
        if (credentials.isPresent()) {
            call = call.with("Authorization", credentials.get().basic().value());
        }
        return client.sendDirectly(call, TokenService::read);
    }

    private Token post(URI realm, Challenge challenge, Optional<RegistryCredentials> credentials) throws IOException {
        Map<String, String> fields = fields(challenge);
        if (credentials.isPresent()) {
            RegistryCredentials who = credentials.get();
            if (who.identityToken().isEmpty()) {
                fields.put("grant_type", "password");
                fields.put("username", who.user());
                fields.put("password", who.password().value());
            } else {
                fields.put("grant_type", "refresh_token");
                fields.put("refresh_token", who.identityToken().value());
            }
        }
        return client.sendDirectly(HttpCall.post(realm, fields), TokenService::read);
    }

    private static Map<String, String> fields(Challenge challenge) {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("service", challenge.parameter("service"));
        if (!challenge.parameter("scope").isEmpty()) {
            fields.put("scope", challenge.parameter("scope"));
        }
        fields.put("client_id", CLIENT);
        return fields;
    }

    private static Token read(HttpReply reply) throws IOException {
        if (!reply.succeeded()) {
            throw reply.failure();
        }
        DocumentNode.Table document;
        try {
            document = JsonDocument.parse(reply.text(LONGEST_REPLY));
        } catch (ConfigurationException e) {
            // Says where, but quotes nothing.
            throw new IOException("the token service gave no token: " + e.detail(), e);
        }
        for (String name : new String[] {"token", "access_token"}) {
            if (document.members().get(name) instanceof DocumentNode.Text(String token) && !token.isEmpty()) {
                return new Token(new Secret(token), life(document));
            }
        }
        throw new IOException("the token service gave no token");
    }

    private static long life(DocumentNode.Table document) {
        return document.members().get("expires_in") instanceof DocumentNode.Whole(BigInteger seconds)
                        && seconds.signum() > 0
                ? seconds.min(BigInteger.valueOf(LONGEST_LIFE_SECONDS)).longValue()
                : USUAL_LIFE_SECONDS;
    }
}
