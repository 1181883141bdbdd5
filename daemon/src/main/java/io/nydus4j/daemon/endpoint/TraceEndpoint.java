package io.nydus4j.daemon.endpoint;

import io.nydus4j.daemon.api.JsonException;
import io.nydus4j.daemon.api.JsonValue;
import io.nydus4j.daemon.api.Members;
import io.nydus4j.daemon.api.ServiceException;
import io.nydus4j.daemon.http.HttpMethod;
import io.nydus4j.daemon.http.HttpRequest;
import io.nydus4j.daemon.http.HttpResponse;
import java.util.Optional;

/**
 * {@code /api/v1/trace}, which the reference does not have: {@code PUT {"enabled": true}} begins to note who reads what first,
 * {@code GET} tells. Both take a {@code mountpoint} in the query; without, they are about all images.
 */
final class TraceEndpoint implements Endpoint {
    private static final String OUTER = "Trace";

    private final Administration daemon;

    TraceEndpoint(Administration daemon) {
        this.daemon = daemon;
    }

    @Override
    public HttpResponse handle(HttpRequest request) throws ApiFailure {
        Optional<String> mountPoint = request.query("mountpoint");
        try {
            if (request.method() == HttpMethod.PUT) {
                daemon.trace(mountPoint, isEnabled(Endpoint.body(request)));
                return HttpResponse.noContent();
            }
            Endpoint.require(request, HttpMethod.GET);
            Optional<JsonValue> report = daemon.traceReport(mountPoint);
            if (report.isEmpty()) {
                throw ApiFailure.noCounter(OUTER);
            }
            return HttpResponse.ok(report.get().toJson());
        } catch (ServiceException e) {
            throw ApiFailure.service(OUTER, "DaemonAbnormal", e);
        }
    }

    private static boolean isEnabled(JsonValue body) throws ApiFailure {
        try {
            JsonValue enabled = Members.of(body, "struct TraceSettings").get("enabled");
            if (!(enabled instanceof JsonValue.JsonBoolean)) {
                throw Members.wrongType(enabled, "a boolean");
            }
            return enabled.isTrue();
        } catch (JsonException e) {
            throw ApiFailure.parseBody(e);
        }
    }
}
