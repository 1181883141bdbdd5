package io.nydus4j.storage.backend;

import io.nydus4j.storage.config.NetworkSettings;
import io.nydus4j.storage.config.OssSettings;
import io.nydus4j.storage.config.S3Settings;
import io.nydus4j.storage.http.BlobEndpoint;
import io.nydus4j.storage.http.ByteRange;
import io.nydus4j.storage.http.HttpCall;
import io.nydus4j.storage.http.NetworkClient;
import io.nydus4j.storage.http.ReplyReader;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * Blobs that are objects of a bucket, named by a prefix and the blob id.
 *
 * <p>All that is asked of an object store are ranges and sizes, over the same connections as of every other server, so the requests are
 * signed here: the makers' libraries bring dozens of archives for it.
 */
final class ObjectEndpoint implements BlobEndpoint {
    private static final String AMAZON = "s3.amazonaws.com";

    private final String base;
    private final RequestSigner signer;
    private final NetworkClient client;

    private ObjectEndpoint(String scheme, String authority, String path, RequestSigner signer, NetworkClient client) {
        this.base = scheme + "://" + authority + "/" + path;
        this.signer = signer;
        this.client = client;
    }

    /** Makes an endpoint for S3, with the bucket in the path. */
    static ObjectEndpoint s3(S3Settings settings, Map<String, String> environment) throws IOException {
        String authority = settings.endpoint().isEmpty() ? AMAZON : settings.endpoint();
        Optional<AwsCredentials> credentials = AwsCredentials.find(settings, environment);
        RequestSigner signer =
                credentials.isEmpty() ? (call, _) -> call : new AwsSignature(credentials.get(), settings.region());
        return new ObjectEndpoint(
                settings.scheme(),
                authority,
                settings.bucketName() + "/" + encode(settings.objectPrefix()),
                signer,
                client(settings.network(), authority, environment));
    }

    /** Makes an endpoint for OSS, with the bucket in the host. */
    static ObjectEndpoint oss(OssSettings settings, Map<String, String> environment) throws IOException {
        String authority = settings.bucketName() + "." + settings.endpoint();
        return new ObjectEndpoint(
                settings.scheme(),
                authority,
                encode(settings.objectPrefix()),
                new OssSignature(settings.accessKeyId().value(), settings.accessKeySecret(), settings.bucketName()),
                client(settings.network(), authority, environment));
    }

    private static NetworkClient client(NetworkSettings settings, String origin, Map<String, String> environment)
            throws IOException {
        return new NetworkClient(settings, origin, environment);
    }

    /** Encodes what may not stand in a path as it is; slashes stay. */
    private static String encode(String path) throws IOException {
        try {
            return new URI(null, null, "/" + path, null).toASCIIString().substring(1);
        } catch (URISyntaxException e) {
            throw new IOException("'" + path + "' cannot be part of an address: " + e.getReason(), e);
        }
    }

    @Override
    public <T> T send(String method, String blobId, Optional<ByteRange> range, ReplyReader<T> reader)
            throws IOException {
        HttpCall call;
        try {
            call = HttpCall.of(method, new URI(base + encode(blobId)));
        } catch (URISyntaxException e) {
            throw new IOException("endpoint, bucket and blob id make no address: " + e.getReason(), e);
        }
        return client.send(signer.sign(range.map(call::with).orElse(call), Instant.now()), reader);
    }

    @Override
    public void close() {
        client.close();
    }
}
