package io.nydus4j.daemon.endpoint;

import io.nydus4j.daemon.api.BackendMetrics;
import io.nydus4j.daemon.api.BlobCacheMetrics;
import io.nydus4j.daemon.api.FileAccess;
import io.nydus4j.daemon.api.FileMetrics;
import io.nydus4j.daemon.api.FileSystemMetrics;
import io.nydus4j.daemon.api.InflightRequest;
import io.nydus4j.daemon.api.InodeRanges;
import io.nydus4j.daemon.api.ServiceException;
import io.nydus4j.daemon.http.HttpMethod;
import io.nydus4j.daemon.http.HttpRequest;
import io.nydus4j.daemon.http.HttpResponse;
import java.util.List;
import java.util.Optional;

/** {@code /api/v1/metrics} and what is below. */
final class MetricsEndpoint implements Endpoint {
    private final Administration daemon;

    MetricsEndpoint(Administration daemon) {
        this.daemon = daemon;
    }

    @Override
    public HttpResponse handle(HttpRequest request) throws ApiFailure {
        Endpoint.require(request, HttpMethod.GET);
        Optional<String> id = request.query("id");
        return switch (request.path()) {
            case "/api/v1/metrics" ->
                answer("GlobalMetrics", daemon.fileSystemMetrics(id).map(FileSystemMetrics::toJson));
            case "/api/v1/metrics/files" ->
                answer(
                        "FsFilesMetrics",
                        request.query("latest").filter("true"::equals).isPresent()
                                ? daemon.latestReadFiles(id).map(InodeRanges::toJson)
                                : daemon.fileMetrics(id).map(FileMetrics::toJson));
            case "/api/v1/metrics/pattern" ->
                answer("Pattern", daemon.accessPattern(id).map(FileAccess::toJson));
            case "/api/v1/metrics/backend" ->
                answer("BackendMetrics", daemon.backendMetrics(id).map(BackendMetrics::toJson));
            case "/api/v1/metrics/blobcache" ->
                answer("BlobcacheMetrics", daemon.blobCacheMetrics(id).map(BlobCacheMetrics::toJson));
            default -> inflight();
        };
    }

    private static HttpResponse answer(String outer, Optional<String> json) throws ApiFailure {
        if (json.isEmpty()) {
            throw ApiFailure.noCounter(outer);
        }
        return HttpResponse.ok(json.get());
    }

    private HttpResponse inflight() throws ApiFailure {
        try {
            List<InflightRequest> requests = daemon.inflight();
            return requests.isEmpty() ? HttpResponse.noContent() : HttpResponse.ok(InflightRequest.toJson(requests));
        } catch (ServiceException e) {
            throw ApiFailure.service("InflightMetrics", "DaemonAbnormal", e);
        }
    }
}
