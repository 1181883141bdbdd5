package io.nydus4j.daemon.http;

/** Answers requests. Called by several threads at once. */
@FunctionalInterface
public interface HttpHandler {
    /** Answers a request. May block. */
    HttpResponse handle(HttpRequest request);
}
