package io.nydus4j.storage.backend;

import io.nydus4j.storage.http.HttpCall;
import java.time.Instant;

/** Proves to an object store who asks. */
@FunctionalInterface
interface RequestSigner {
    /**
     * Signs a request.
     *
     * @param call complete; headers that are added later are not signed
     * @return the request with its signature
     */
    HttpCall sign(HttpCall call, Instant now);
}
