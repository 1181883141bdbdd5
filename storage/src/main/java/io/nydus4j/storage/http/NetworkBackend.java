package io.nydus4j.storage.http;

import io.nydus4j.blob.PositionalSource;
import io.nydus4j.storage.BackendCounters;
import io.nydus4j.storage.BackendException;
import io.nydus4j.storage.BlobBackend;
import io.nydus4j.storage.RateLimit;
import io.nydus4j.storage.config.NetworkSettings;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** Blobs behind a server. Safe for use by several threads; asks for nothing before something is read. */
public final class NetworkBackend implements BlobBackend {
    private final BlobEndpoint endpoint;
    private final Retries retries;
    private final BackendCounters counters;
    private final long timeoutMillis;
    private final RateLimit bandwidth;
    private final Map<String, HttpBlob> blobs = new ConcurrentHashMap<>();

    /**
     * Makes a backend.
     *
     * @param endpoint asks the server; closed with this
     * @param retries  when to ask again
     * @param counters count each attempt
     */
    public NetworkBackend(BlobEndpoint endpoint, Retries retries, BackendCounters counters, NetworkSettings settings) {
        this.endpoint = endpoint;
        this.retries = retries;
        this.counters = counters;
        this.timeoutMillis = TimeUnit.SECONDS.toMillis(settings.timeoutSeconds());
        this.bandwidth = new RateLimit(settings.bandwidthLimit());
    }

    @Override
    public String description() {
        return retries.backend();
    }

    @Override
    public PositionalSource open(String blobId) throws BackendException {
        if (blobId.isEmpty()) {
            throw new BackendException(description(), "open", "the blob has no id", false);
        }
        return blobs.computeIfAbsent(
                blobId, id -> new HttpBlob(endpoint, id, retries, counters, timeoutMillis, bandwidth));
    }

    @Override
    public void close() {
        endpoint.close();
    }
}
