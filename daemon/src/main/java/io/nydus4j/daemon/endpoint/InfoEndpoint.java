package io.nydus4j.daemon.endpoint;

import io.nydus4j.daemon.api.DaemonInfo;
import io.nydus4j.daemon.api.JsonException;
import io.nydus4j.daemon.api.JsonValue;
import io.nydus4j.daemon.api.Members;
import io.nydus4j.daemon.http.HttpMethod;
import io.nydus4j.daemon.http.HttpRequest;
import io.nydus4j.daemon.http.HttpResponse;
import java.util.Optional;

/** {@code /api/v1/daemon} and {@code /api/v2/daemon}: what the daemon is, and its log level. */
final class InfoEndpoint implements Endpoint {
    private final Administration daemon;
    private final boolean withBackends;

    InfoEndpoint(Administration daemon, boolean withBackends) {
        this.daemon = daemon;
        this.withBackends = withBackends;
    }

    @Override
    public HttpResponse handle(HttpRequest request) throws ApiFailure {
        if (request.method() == HttpMethod.PUT) {
            if (!daemon.setLogLevel(level(Endpoint.body(request)))) {
                throw ApiFailure.payload("Configure");
            }
            return HttpResponse.noContent();
        }
        Endpoint.require(request, HttpMethod.GET);
        DaemonInfo info = daemon.info();
        if (!withBackends) {
            info = new DaemonInfo(info.build(), info.id(), info.supervisor(), info.state(), Optional.empty());
        }
        return HttpResponse.ok(info.toJson());
    }

    /** Returns the level; the reference also takes it as the only item of an array. */
    private static String level(JsonValue body) throws ApiFailure {
        try {
            if (body instanceof JsonValue.JsonArray array && !array.items().isEmpty()) {
                return Members.text(array.items().getFirst());
            }
            return Members.of(body, "struct DaemonConf").text("log_level");
        } catch (JsonException e) {
            throw ApiFailure.parseBody(e);
        }
    }
}
