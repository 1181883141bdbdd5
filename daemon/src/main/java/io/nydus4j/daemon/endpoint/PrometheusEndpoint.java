package io.nydus4j.daemon.endpoint;

import io.nydus4j.daemon.http.HttpMethod;
import io.nydus4j.daemon.http.HttpRequest;
import io.nydus4j.daemon.http.HttpResponse;

/** {@code /metrics}, which the reference does not have: everything that is counted, for Prometheus. */
final class PrometheusEndpoint implements Endpoint {
    private final Administration daemon;

    PrometheusEndpoint(Administration daemon) {
        this.daemon = daemon;
    }

    @Override
    public HttpResponse handle(HttpRequest request) throws ApiFailure {
        Endpoint.require(request, HttpMethod.GET);
        return HttpResponse.text(PrometheusText.MEDIA_TYPE, PrometheusText.of(daemon));
    }
}
