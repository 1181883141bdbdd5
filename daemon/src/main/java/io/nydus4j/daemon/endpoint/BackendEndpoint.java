package io.nydus4j.daemon.endpoint;

import io.nydus4j.daemon.api.ServiceException;
import io.nydus4j.daemon.http.HttpMethod;
import io.nydus4j.daemon.http.HttpRequest;
import io.nydus4j.daemon.http.HttpResponse;
import java.util.Optional;

/** {@code /api/v1/daemon/backend}: the superblock of a mounted image. */
final class BackendEndpoint implements Endpoint {
    private final Administration daemon;

    BackendEndpoint(Administration daemon) {
        this.daemon = daemon;
    }

    @Override
    public HttpResponse handle(HttpRequest request) throws ApiFailure {
        Endpoint.require(request, HttpMethod.GET);
        Optional<String> mountPoint = request.query("mountpoint");
        if (mountPoint.isEmpty()) {
            throw ApiFailure.missingQuery("mountpoint");
        }
        try {
            return HttpResponse.ok(daemon.superblock(mountPoint.get()).toJson());
        } catch (ServiceException e) {
            throw e.kind() == ServiceException.Kind.UNSUPPORTED
                    ? ApiFailure.service("FsBackendInfo", "DaemonAbnormal", e)
                    : ApiFailure.service("FsBackendInfo", "Metrics(Daemon", e);
        }
    }
}
