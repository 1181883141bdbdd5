package io.nydus4j.storage.backend;

import io.nydus4j.storage.config.BucketSettings;
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
        BucketSettings bucket = settings.bucket();
        String authority = bucket.endpoint().isEmpty() ? AMAZON : bucket.endpoint();
        Optional<AwsCredentials> credentials = AwsCredentials.find(bucket, environment);
        RequestSigner signer =
                credentials.isEmpty() ? (call, _) -> call : new AwsSignature(credentials.get(), settings.region());
        return of(bucket, authority, bucket.name() + "/", signer, environment);
    }

    /** Makes an endpoint for OSS, with the bucket in the host. */
    static ObjectEndpoint oss(OssSettings settings, Map<String, String> environment) throws IOException {
        BucketSettings bucket = settings.bucket();
        RequestSigner signer = new OssSignature(bucket.accessKeyId().value(), bucket.accessKeySecret(), bucket.name());
        return of(bucket, bucket.name() + "." + bucket.endpoint(), "", signer, environment);
    }

    private static ObjectEndpoint of(
            BucketSettings bucket, String authority, String path, RequestSigner signer, Map<String, String> environment)
            throws IOException {
        return new ObjectEndpoint(
                bucket.scheme(),
                authority,
                path + encode(bucket.objectPrefix()),
                signer,
                new NetworkClient(bucket.network(), authority, environment));
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
