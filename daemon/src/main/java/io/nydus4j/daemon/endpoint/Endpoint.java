package io.nydus4j.daemon.endpoint;

import io.nydus4j.daemon.api.JsonException;
import io.nydus4j.daemon.api.JsonValue;
import io.nydus4j.daemon.http.HttpMethod;
import io.nydus4j.daemon.http.HttpRequest;
import io.nydus4j.daemon.http.HttpResponse;

/** One path, or a few with one subject. */
interface Endpoint {
    /** Answers a request. */
    HttpResponse handle(HttpRequest request) throws ApiFailure;

    /** Refuses all but a method without a body. */
    static void require(HttpRequest request, HttpMethod method) throws ApiFailure {
        if (request.method() != method || request.body().length != 0) {
            throw ApiFailure.badRequest();
        }
    }

    /** Returns the body as JSON. */
    static JsonValue body(HttpRequest request) throws ApiFailure {
        if (request.body().length == 0) {
            throw ApiFailure.badRequest();
        }
        try {
            return JsonValue.parse(request.body());
        } catch (JsonException e) {
            throw ApiFailure.parseBody(e);
        }
    }
}
