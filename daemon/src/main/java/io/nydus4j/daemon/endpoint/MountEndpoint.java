package io.nydus4j.daemon.endpoint;

import io.nydus4j.daemon.api.JsonException;
import io.nydus4j.daemon.api.JsonValue;
import io.nydus4j.daemon.api.MountRequest;
import io.nydus4j.daemon.api.ServiceException;
import io.nydus4j.daemon.http.HttpRequest;
import io.nydus4j.daemon.http.HttpResponse;
import java.util.Optional;

/** {@code /api/v1/mount}: mount, remount, unmount. */
final class MountEndpoint implements Endpoint {
    private final Administration daemon;

    MountEndpoint(Administration daemon) {
        this.daemon = daemon;
    }

    @Override
    public HttpResponse handle(HttpRequest request) throws ApiFailure {
        Optional<String> query = request.query("mountpoint");
        if (query.isEmpty()) {
            throw ApiFailure.missingQuery("mountpoint");
        }
        String mountPoint = query.get();
        try {
            switch (request.method()) {
                case POST -> daemon.mount(mountPoint, command(request));
                case PUT -> daemon.remount(mountPoint, command(request));
                case DELETE -> {
                    if (request.body().length != 0) {
                        throw ApiFailure.badRequest();
                    }
                    daemon.unmount(mountPoint);
                }
                case GET, HEAD, PATCH -> throw ApiFailure.badRequest();
            }
        } catch (ServiceException e) {
            String middle = e.kind() == ServiceException.Kind.UNSUPPORTED ? "DaemonAbnormal" : "MountFilesystem";
            throw ApiFailure.service("Mount", middle, e);
        }
        return HttpResponse.noContent();
    }

    private static MountRequest command(HttpRequest request) throws ApiFailure {
        JsonValue body = Endpoint.body(request);
        try {
            return MountRequest.of(body);
        } catch (JsonException e) {
            throw ApiFailure.parseBody(e);
        }
    }
}
