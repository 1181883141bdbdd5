package io.nydus4j.daemon.endpoint;

import io.nydus4j.daemon.http.HttpHandler;
import io.nydus4j.daemon.http.HttpRequest;
import io.nydus4j.daemon.http.HttpResponse;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/** Leads each request to its endpoint. Paths are compared as they are: no decoding, no trailing slash. */
public final class ApiRouter implements HttpHandler {
    private static final Logger LOG = System.getLogger(ApiRouter.class.getName());

    private final Endpoint info;
    private final Endpoint infoV2;
    private final Endpoint lifecycle;
    private final Endpoint backend;
    private final Endpoint mount;
    private final Endpoint metrics;
    private final Endpoint config;
    private final Endpoint blobs;
    private final Endpoint trace;
    private final Endpoint prometheus;

    /** Makes a router for one daemon. */
    public ApiRouter(Administration daemon) {
        info = new InfoEndpoint(daemon, true);
        infoV2 = new InfoEndpoint(daemon, false);
        lifecycle = new LifecycleEndpoint(daemon);
        backend = new BackendEndpoint(daemon);
        mount = new MountEndpoint(daemon);
        metrics = new MetricsEndpoint(daemon);
        config = new ConfigEndpoint(daemon.settings());
        blobs = new BlobsEndpoint();
        trace = new TraceEndpoint(daemon);
        prometheus = new PrometheusEndpoint(daemon);
    }

    @Override
    public HttpResponse handle(HttpRequest request) {
        LOG.log(Level.DEBUG, "API request {0} {1}", request.method(), request.path());
        try {
            return endpoint(request.path()).handle(request);
        } catch (ApiFailure e) {
            return e.response();
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "API request " + request.method() + " " + request.path() + " failed", e);
            return new HttpResponse(500, "{\"code\":\"UNDEFINED\",\"message\":\"internal error\"}");
        }
    }

    private Endpoint endpoint(String path) throws ApiFailure {
        return switch (path) {
            case "" -> throw ApiFailure.badRequest();
            case "/api/v1/daemon" -> info;
            case "/api/v2/daemon" -> infoV2;
            case "/api/v1/daemon/events",
                    "/api/v1/daemon/start",
                    "/api/v1/daemon/exit",
                    "/api/v1/daemon/fuse/sendfd",
                    "/api/v1/daemon/fuse/takeover" -> lifecycle;
            case "/api/v1/daemon/backend" -> backend;
            case "/api/v1/mount" -> mount;
            case "/api/v1/metrics",
                    "/api/v1/metrics/files",
                    "/api/v1/metrics/pattern",
                    "/api/v1/metrics/backend",
                    "/api/v1/metrics/blobcache",
                    "/api/v1/metrics/inflight" -> metrics;
            case "/api/v1/config" -> config;
            case "/api/v2/blobs" -> blobs;
            case "/api/v1/trace" -> trace;
            case "/metrics" -> prometheus;
            default -> throw ApiFailure.noRoute();
        };
    }
}
