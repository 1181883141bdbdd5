package io.nydus4j.daemon.endpoint;

import io.nydus4j.daemon.api.JsonException;
import io.nydus4j.daemon.api.JsonValue;
import io.nydus4j.daemon.api.Members;
import io.nydus4j.daemon.http.HttpMethod;
import io.nydus4j.daemon.http.HttpRequest;
import io.nydus4j.daemon.http.HttpResponse;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** {@code /api/v1/config}: what can be set while the daemon runs. */
final class ConfigEndpoint implements Endpoint {
    private final RuntimeSettings settings;

    ConfigEndpoint(RuntimeSettings settings) {
        this.settings = settings;
    }

    @Override
    public HttpResponse handle(HttpRequest request) throws ApiFailure {
        if (request.method() == HttpMethod.PUT) {
            put(request);
            return HttpResponse.noContent();
        }
        Endpoint.require(request, HttpMethod.GET);
        SortedMap<String, JsonValue> members = new TreeMap<>();
        for (Map.Entry<String, String> value :
                settings.values(request.query("id")).entrySet()) {
            members.put(value.getKey(), new JsonValue.JsonString(value.getValue()));
        }
        return HttpResponse.ok(new JsonValue.JsonObject(members).toJson());
    }

    private void put(HttpRequest request) throws ApiFailure {
        SortedMap<String, String> values = new TreeMap<>();
        JsonValue body = Endpoint.body(request);
        try {
            if (!(body instanceof JsonValue.JsonObject object)) {
                throw Members.wrongType(body, "a map");
            }
            for (Map.Entry<String, JsonValue> member : object.members().entrySet()) {
                values.put(member.getKey(), Members.text(member.getValue()));
            }
        } catch (JsonException e) {
            throw ApiFailure.parseBody(e);
        }
        String id = request.query("id").orElse("");
        for (Map.Entry<String, String> value : values.entrySet()) {
            if (!settings.put(id, value.getKey(), value.getValue())) {
                throw ApiFailure.payload("Configure");
            }
        }
    }
}
