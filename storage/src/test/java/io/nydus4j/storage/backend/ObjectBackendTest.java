package io.nydus4j.storage.backend;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.storage.BackendCounters;
import io.nydus4j.storage.BlobBackend;
import io.nydus4j.storage.config.BucketSettings;
import io.nydus4j.storage.config.NetworkSettings;
import io.nydus4j.storage.config.OssSettings;
import io.nydus4j.storage.config.ProxySettings;
import io.nydus4j.storage.config.S3Settings;
import io.nydus4j.storage.config.Secret;
import io.nydus4j.storage.http.FaultyServer;
import io.nydus4j.storage.http.HttpCall;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Requests to object stores; signatures are compared with the examples that the stores' makers publish. */
final class ObjectBackendTest {
    private static final AwsCredentials EXAMPLE = new AwsCredentials(
            "AKIAIOSFODNN7EXAMPLE", new Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), Secret.NONE);

    @Test
    void s3SignatureIsThatOfTheExample() {
        HttpCall call = HttpCall.of("GET", URI.create("https://examplebucket.s3.amazonaws.com/test.txt"))
                .with("Range", "bytes=0-9");
        HttpCall signed = new AwsSignature(EXAMPLE, "us-east-1").sign(call, Instant.parse("2013-05-24T00:00:00Z"));
        assertThat(signed.headers())
                .containsEntry("x-amz-date", "20130524T000000Z")
                .containsEntry(
                        "Authorization",
                        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
                                + "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
                                + "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
    }

    @Test
    void ossSignatureIsThatOfTheExample() {
        HttpCall call = HttpCall.of("PUT", URI.create("http://oss-example.oss-cn-hangzhou.aliyuncs.com/nelson"))
                .with("Content-Md5", "ODBGOERFMDMzQTczRUY3NUE3NzA5QzdFNUYzMDQxNEM=")
                .with("Content-Type", "text/html")
                .with("X-OSS-Meta-Author", "foo@bar.com")
                .with("X-OSS-Magic", "abracadabra");
        OssSignature signature = new OssSignature(
                "44CF9590006BF252F707", new Secret("OtxrzxIsfpFjA7SwPzILwy8Bw21TLhquhboDYROV"), "oss-example");
        assertThat(signature.sign(call, Instant.parse("2005-11-17T18:49:58Z")).headers())
                .containsEntry("Date", "Thu, 17 Nov 2005 18:49:58 GMT")
                .containsEntry("Authorization", "OSS 44CF9590006BF252F707:26NBxoKdsyly4EDv6inkoDft/yA=");
    }

    private static void assertReads(BlobBackend backend) throws IOException {
        assertThat(backend.open("id").size()).isEqualTo(100);
        ByteBuffer buffer = ByteBuffer.allocate(10);
        backend.open("id").readFully(50, buffer);
        assertThat(buffer.flip()).isEqualTo(ByteBuffer.allocate(10));
    }

    @Test
    void s3ObjectIsAskedForInThePathOfItsBucket() throws IOException {
        try (FaultyServer server = FaultyServer.start().with("id", new byte[100])) {
            S3Settings settings = new S3Settings(
                    "us-east-1",
                    new BucketSettings(
                            "http",
                            server.host(),
                            "bucket",
                            "a b/",
                            new Secret("AK"),
                            new Secret("SK"),
                            NetworkSettings.DEFAULT));
            try (BlobBackend backend = BackendFactory.open(settings, new BackendCounters("s3"))) {
                assertReads(backend);
            }
            assertThat(server.requests()).extracting(FaultyServer.Request::path).containsOnly("/bucket/a%20b/id");
            FaultyServer.Request request = server.requests().getLast();
            assertThat(request.header("host")).contains(server.host());
            assertThat(request.header("authorization").orElseThrow())
                    .contains("Credential=AK/", "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,");
        }
    }

    @Test
    void ossObjectIsAskedForAtTheHostOfItsBucket() throws IOException {
        try (FaultyServer server = FaultyServer.start().with("id", new byte[100])) {
            ProxySettings proxy = new ProxySettings(server.address(), "", false, 5, false, 300, "");
            OssSettings settings = new OssSettings(new BucketSettings(
                    "http",
                    "oss.example",
                    "bucket",
                    "p/",
                    new Secret("AK"),
                    new Secret("SK"),
                    new NetworkSettings(false, List.of(), 5, 5, 0, proxy, List.of(), 0)));
            try (BlobBackend backend = BackendFactory.open(settings, new BackendCounters("oss"))) {
                assertReads(backend);
            }
            FaultyServer.Request request = server.requests().getLast();
            assertThat(request.path()).isEqualTo("http://bucket.oss.example/p/id");
            assertThat(request.header("host")).contains("bucket.oss.example");
            assertThat(request.header("authorization").orElseThrow()).startsWith("OSS AK:");
        }
    }

    @Test
    void s3CredentialsAreFoundWhereUsersHaveThem(@TempDir Path folder) throws IOException {
        BucketSettings settings =
                new BucketSettings("https", "", "b", "", Secret.NONE, Secret.NONE, NetworkSettings.DEFAULT);
        Path file = folder.resolve("credentials");
        Map<String, String> profile = Map.of("AWS_SHARED_CREDENTIALS_FILE", file.toString(), "AWS_PROFILE", "other");
        assertThat(AwsCredentials.find(settings, profile)).isEmpty();
        Files.writeString(file, """
            [default]
            aws_access_key_id = wrong
            aws_secret_access_key = wrong
            # comment = x
            [other]
            aws_access_key_id=ID
            aws_secret_access_key = KEY=/+
            aws_session_token = TOKEN
            """);
        assertThat(AwsCredentials.find(settings, profile))
                .contains(new AwsCredentials("ID", new Secret("KEY=/+"), new Secret("TOKEN")));
        assertThat(AwsCredentials.find(settings, Map.of("AWS_ACCESS_KEY_ID", "E", "AWS_SECRET_ACCESS_KEY", "S")))
                .contains(new AwsCredentials("E", new Secret("S"), Secret.NONE));
        assertThat(AwsCredentials.find(settings, profile).orElseThrow().toString())
                .doesNotContain("KEY=/+", "TOKEN");
    }

    @Test
    void credentialsOfAKindThatIsNotKnownAreSaidToBe(@TempDir Path folder) throws IOException {
        BucketSettings settings =
                new BucketSettings("https", "", "b", "", Secret.NONE, Secret.NONE, NetworkSettings.DEFAULT);
        Map<String, String> environment = Map.of(
                "AWS_SHARED_CREDENTIALS_FILE",
                folder.resolve("none").toString(),
                "AWS_ROLE_ARN",
                "arn:aws:iam::1:role/x");
        List<String> said = new ArrayList<>();
        Logger logger = Logger.getLogger(AwsCredentials.class.getName());
        Handler listener = new Handler() {
            @Override
            public void publish(LogRecord message) {
                said.add(message.getMessage());
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        logger.addHandler(listener);
        try {
            assertThat(AwsCredentials.find(settings, environment)).isEmpty();
        } finally {
            logger.removeHandler(listener);
        }
        assertThat(said).singleElement().asString().contains("AWS_ROLE_ARN", "access_key_id");
    }
}
