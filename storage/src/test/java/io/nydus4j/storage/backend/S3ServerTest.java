package io.nydus4j.storage.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.storage.BackendCounters;
import io.nydus4j.storage.BackendException;
import io.nydus4j.storage.BlobBackend;
import io.nydus4j.storage.config.BucketSettings;
import io.nydus4j.storage.config.NetworkSettings;
import io.nydus4j.storage.config.S3Settings;
import io.nydus4j.storage.config.Secret;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.Random;
import org.gaul.s3proxy.AuthenticationType;
import org.gaul.s3proxy.S3Proxy;
import org.jclouds.ContextBuilder;
import org.jclouds.blobstore.BlobStore;
import org.jclouds.blobstore.BlobStoreContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Blobs from an S3 server that is not ours, which checks signatures. */
final class S3ServerTest {
    private static final byte[] CONTENT = new byte[1_000_000];

    private static BlobStoreContext context;
    private static S3Proxy server;

    @BeforeAll
    static void start() throws Exception {
        new Random(5).nextBytes(CONTENT);
        context = ContextBuilder.newBuilder("transient").credentials("x", "y").build(BlobStoreContext.class);
        BlobStore store = context.getBlobStore();
        store.createContainerInLocation(null, "bucket");
        store.putBlob(
                "bucket",
                store.blobBuilder("some where/id")
                        .payload(CONTENT)
                        .contentLength(CONTENT.length)
                        .build());
        server = S3Proxy.builder()
                .blobStore(store)
                .endpoint(URI.create("http://127.0.0.1:0"))
                .awsAuthentication(AuthenticationType.AWS_V4, "AK", "SK")
                .build();
        server.start();
    }

    @AfterAll
    static void stop() throws Exception {
        server.stop();
        context.close();
    }

    private static BlobBackend open(String prefix, String secret) throws BackendException {
        S3Settings settings = new S3Settings(
                "us-east-1",
                new BucketSettings(
                        "http",
                        "127.0.0.1:" + server.getPort(),
                        "bucket",
                        prefix,
                        new Secret("AK"),
                        new Secret(secret),
                        NetworkSettings.DEFAULT));
        return BackendFactory.open(settings, new BackendCounters("s3"));
    }

    @Test
    void objectIsReadByRanges() throws IOException {
        try (BlobBackend backend = open("some where/", "SK")) {
            assertThat(backend.open("id").size()).isEqualTo(CONTENT.length);
            for (int position : new int[] {0, 1, 500_000, 999_000}) {
                ByteBuffer buffer = ByteBuffer.allocate(1000);
                backend.open("id").readFully(position, buffer);
                assertThat(buffer.flip())
                        .isEqualTo(ByteBuffer.wrap(CONTENT, position, 1000).slice());
            }
            assertThat(backend.open("id").readAt(CONTENT.length - 5, ByteBuffer.allocate(100)))
                    .isEqualTo(5);
        }
    }

    @Test
    void wrongKeyAndMissingObjectAreErrors() throws IOException {
        try (BlobBackend backend = open("some where/", "other")) {
            assertThatThrownBy(() -> backend.open("id").readAt(0, ByteBuffer.allocate(10)))
                    .isInstanceOf(BackendException.class)
                    .hasMessageContaining("403");
        }
        try (BlobBackend backend = open("", "SK")) {
            assertThatThrownBy(() -> backend.open("id").readAt(0, ByteBuffer.allocate(10)))
                    .isInstanceOf(BackendException.class)
                    .hasMessageContaining("404");
        }
    }
}
