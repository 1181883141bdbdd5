package io.nydus4j.daemon.endpoint;

import io.nydus4j.daemon.api.DebugText;
import io.nydus4j.daemon.api.JsonException;
import io.nydus4j.daemon.api.JsonValue;
import io.nydus4j.daemon.api.ServiceException;
import io.nydus4j.daemon.http.HttpResponse;
import java.util.Map;
import java.util.TreeMap;

/** A request that is answered with an error. Clients of the reference parse the texts. */
final class ApiFailure extends Exception {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final String text;

    private ApiFailure(int status, String text) {
        super(text, null, false, false);
        this.status = status;
        this.text = text;
    }

    /** A method, or a body or its absence, that the path does not take. */
    static ApiFailure badRequest() {
        return new ApiFailure(400, "BadRequest");
    }

    /** A path that is not there. */
    static ApiFailure noRoute() {
        return new ApiFailure(404, "NoRoute");
    }

    /** A value of the query that is missing. */
    static ApiFailure missingQuery(String name) {
        return new ApiFailure(400, "QueryString(\"'" + name + "' should be specified in query string\")");
    }

    /** A body that is not the JSON expected. */
    static ApiFailure parseBody(JsonException problem) {
        return new ApiFailure(
                400,
                "ParseBody(Error(" + DebugText.quote(problem.problem()) + ", line: " + problem.line() + ", column: "
                        + problem.column() + "))");
    }

    /** A counter that is not there. */
    static ApiFailure noCounter(String outer) {
        return new ApiFailure(404, outer + "(Metrics(Stats(NoCounter)))");
    }

    /** A value that the daemon does not know. */
    static ApiFailure payload(String outer) {
        return new ApiFailure(500, outer + "(ResponsePayloadType)");
    }

    /**
     * A failure of the daemon.
     *
     * @param outer  names the path
     * @param middle names the part of the daemon: {@code DaemonAbnormal}, {@code MountFilesystem}, {@code Metrics(Daemon}
     */
    static ApiFailure service(String outer, String middle, ServiceException problem) {
        int status = switch (problem.kind()) {
            case NOT_READY -> 503;
            case UNSUPPORTED -> 501;
            case UNEXPECTED_EVENT -> 400;
            case UPGRADE, OTHER -> 500;
        };
        long open = middle.chars().filter(c -> c == '(').count() + 2;
        return new ApiFailure(status, outer + "(" + middle + "(" + problem.rendering() + ")".repeat((int) open));
    }

    HttpResponse response() {
        return new HttpResponse(
                status,
                new JsonValue.JsonObject(new TreeMap<>(Map.of(
                                "code", new JsonValue.JsonString("UNDEFINED"),
                                "message", new JsonValue.JsonString(text))))
                        .toJson());
    }
}
