package io.nydus4j.storage.backend;

import io.nydus4j.storage.config.Secret;
import io.nydus4j.storage.http.HttpCall;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.Locale;

/** Signs requests by the first version of the signature of Alibaba Cloud's object store. */
final class OssSignature implements RequestSigner {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private final String keyId;
    private final Secret secret;
    private final String bucket;

    OssSignature(String keyId, Secret secret, String bucket) {
        this.keyId = keyId;
        this.secret = secret;
        this.bucket = bucket;
    }

    @Override
    public HttpCall sign(HttpCall call, Instant now) {
        HttpCall dated = call.with("Date", TIME.format(now));
        StringBuilder own = new StringBuilder();
        // Headers are sorted, whatever their case.
        dated.headers().forEach((name, value) -> {
            String lower = name.toLowerCase(Locale.ROOT);
            if (lower.startsWith("x-oss-")) {
                own.append(lower).append(':').append(value).append('\n');
            }
        });
        String text = String.join(
                "\n",
                call.method(),
                call.headers().getOrDefault("Content-MD5", ""),
                call.headers().getOrDefault("Content-Type", ""),
                TIME.format(now),
                own + "/" + bucket + call.uri().getPath());
        byte[] key = secret.value().getBytes(StandardCharsets.UTF_8);
        String signature = Base64.getEncoder().encodeToString(Hmac.of("HmacSHA1", key, text));
        return dated.with("Authorization", "OSS " + keyId + ":" + signature);
    }
}
