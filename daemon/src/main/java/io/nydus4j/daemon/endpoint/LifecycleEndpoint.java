package io.nydus4j.daemon.endpoint;

import io.nydus4j.daemon.api.ServiceException;
import io.nydus4j.daemon.http.HttpMethod;
import io.nydus4j.daemon.http.HttpRequest;
import io.nydus4j.daemon.http.HttpResponse;

/** The daemon's events, and what moves it from state to state. */
final class LifecycleEndpoint implements Endpoint {
    private final Administration daemon;

    LifecycleEndpoint(Administration daemon) {
        this.daemon = daemon;
    }

    @Override
    public HttpResponse handle(HttpRequest request) throws ApiFailure {
        String path = request.path();
        if (path.equals("/api/v1/daemon/events")) {
            Endpoint.require(request, HttpMethod.GET);
            return HttpResponse.ok(daemon.events().toJson());
        }
        Endpoint.require(request, HttpMethod.PUT);
        String outer = path.contains("/fuse/") ? "Upgrade" : "Configure";
        try {
            switch (path) {
                case "/api/v1/daemon/start" -> daemon.start();
                case "/api/v1/daemon/exit" -> daemon.exit();
                case "/api/v1/daemon/fuse/sendfd" -> daemon.sendSession();
                case "/api/v1/daemon/fuse/takeover" -> daemon.takeSession();
                default -> throw ApiFailure.noRoute();
            }
        } catch (ServiceException e) {
            throw ApiFailure.service(outer, "DaemonAbnormal", e);
        }
        return HttpResponse.noContent();
    }
}
