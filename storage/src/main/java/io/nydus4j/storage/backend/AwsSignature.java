package io.nydus4j.storage.backend;

import io.nydus4j.storage.http.HttpCall;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Signs requests without a body by Amazon's Signature Version 4. */
final class AwsSignature implements RequestSigner {
    private static final String ALGORITHM = "AWS4-HMAC-SHA256";
    private static final String HMAC = "HmacSHA256";
    private static final String SERVICE = "s3";
    private static final String EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);
    private static final int DAY = 8;

    private final AwsCredentials credentials;
    private final String region;

    AwsSignature(AwsCredentials credentials, String region) {
        this.credentials = credentials;
        this.region = region;
    }

    @Override
    public HttpCall sign(HttpCall call, Instant now) {
        String time = TIME.format(now);
        HttpCall stamped = call.with("x-amz-date", time).with("x-amz-content-sha256", EMPTY);
        if (!credentials.sessionToken().isEmpty()) {
            stamped = stamped.with(
                    "x-amz-security-token", credentials.sessionToken().value());
        }
        Map<String, String> signed = new TreeMap<>();
        stamped.headers().forEach((name, value) -> signed.put(name.toLowerCase(Locale.ROOT), value.strip()));
        // The client sends this one, in just this way.
        signed.put("host", call.uri().getRawAuthority());
        StringBuilder headers = new StringBuilder();
        signed.forEach(
                (name, value) -> headers.append(name).append(':').append(value).append('\n'));
        String names = String.join(";", signed.keySet());
        String query = call.uri().getRawQuery() == null ? "" : call.uri().getRawQuery();
        String request = String.join("\n", call.method(), call.uri().getRawPath(), query, headers, names, EMPTY);
        String scope = time.substring(0, DAY) + "/" + region + "/" + SERVICE + "/aws4_request";
        String text = String.join("\n", ALGORITHM, time, scope, sha256(request));
        byte[] key = ("AWS4" + credentials.secret().value()).getBytes(StandardCharsets.UTF_8);
        for (String part : scope.split("/", -1)) {
            key = Hmac.of(HMAC, key, part);
        }
        String signature = HexFormat.of().formatHex(Hmac.of(HMAC, key, text));
        return stamped.with(
                "Authorization",
                ALGORITHM + " Credential=" + credentials.accessKeyId() + "/" + scope + ", SignedHeaders=" + names
                        + ", Signature=" + signature);
    }

    private static String sha256(String text) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JDK lacks SHA-256", e);
        }
    }
}
