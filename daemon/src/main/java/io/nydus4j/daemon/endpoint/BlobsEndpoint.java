package io.nydus4j.daemon.endpoint;

import io.nydus4j.daemon.api.JsonException;
import io.nydus4j.daemon.api.JsonValue;
import io.nydus4j.daemon.api.Members;
import io.nydus4j.daemon.api.ServiceException;
import io.nydus4j.daemon.http.HttpRequest;
import io.nydus4j.daemon.http.HttpResponse;
import java.util.Optional;

/** {@code /api/v2/blobs}: the registry of blobs, which a FUSE daemon does not have. */
final class BlobsEndpoint implements Endpoint {
    @Override
    public HttpResponse handle(HttpRequest request) throws ApiFailure {
        Optional<String> domain = request.query("domain_id");
        switch (request.method()) {
            case GET -> {
                if (domain.isEmpty() || request.body().length != 0) {
                    throw ApiFailure.badRequest();
                }
                throw unsupported("GetBlobObjects");
            }
            case PUT -> {
                checkEntry(Endpoint.body(request));
                throw unsupported("CreateBlobObject");
            }
            case DELETE -> {
                if (request.body().length != 0) {
                    throw ApiFailure.badRequest();
                }
                if (domain.isPresent()) {
                    throw unsupported("DeleteBlobObject");
                }
                if (request.query("blob_id").isEmpty()) {
                    throw ApiFailure.badRequest();
                }
                return HttpResponse.noContent();
            }
            case POST, HEAD, PATCH -> throw ApiFailure.badRequest();
        }
        throw ApiFailure.badRequest();
    }

    private static void checkEntry(JsonValue body) throws ApiFailure {
        try {
            Members entry = Members.of(body, "struct BlobCacheEntry");
            entry.text("type");
            entry.text("id");
            if (!entry.has("config") && !entry.has("config_v2")) {
                throw ApiFailure.badRequest();
            }
        } catch (JsonException e) {
            throw ApiFailure.parseBody(e);
        }
    }

    private static ApiFailure unsupported(String outer) {
        return ApiFailure.service(outer, "DaemonAbnormal", ServiceException.unsupported());
    }
}
