package io.nydus4j.cli;

import io.nydus4j.storage.http.MisbehavingServer;

/** What goes wrong for a while between a mounted image and its data, and then is well again. */
enum ChaosFault {
    /** Nobody listens, at the registry and at the place that it redirects to. */
    REGISTRY_DOWN(MisbehavingServer.Fault.DOWN),
    CONNECTION_CUT(MisbehavingServer.Fault.DOWN),
    RESET_AFTER_HEADERS(MisbehavingServer.Fault.RESET_AFTER_HEAD),
    ERROR(MisbehavingServer.Fault.ERROR),
    TOO_MANY_REQUESTS(MisbehavingServer.Fault.BUSY),
    LATE(MisbehavingServer.Fault.LATE),
    LATENCY_OF_5_SECONDS(MisbehavingServer.Fault.TOO_LATE),
    TRUNCATED_BODY(MisbehavingServer.Fault.TRUNCATED),
    WRONG_BYTES(MisbehavingServer.Fault.WRONG_BYTES),
    WRONG_LENGTH(MisbehavingServer.Fault.WRONG_LENGTH),
    WRONG_RANGE(MisbehavingServer.Fault.WRONG_RANGE),
    /** The token that clients have is refused; the token service gives them another. */
    TOKEN_REVOKED(MisbehavingServer.Fault.NONE),
    /** The token that clients have is refused, and the token service is out of order. */
    TOKEN_SERVICE_DOWN(MisbehavingServer.Fault.NONE),
    /** Addresses that the registry gives out are taken once. */
    SIGNATURE_EXPIRED(MisbehavingServer.Fault.NONE),
    REDIRECT_LOOP(MisbehavingServer.Fault.NONE),
    /** The registry redirects to a host that the DNS does not know. */
    UNKNOWN_HOST(MisbehavingServer.Fault.NONE),
    /** The registry redirects to a host whose certificate is for another. */
    WRONG_CERTIFICATE(MisbehavingServer.Fault.NONE),
    /** There is no room for the cache. */
    DISK_FULL(MisbehavingServer.Fault.NONE);

    private final MisbehavingServer.Fault ofAnswers;

    ChaosFault(MisbehavingServer.Fault ofAnswers) {
        this.ofAnswers = ofAnswers;
    }

    /** Returns what is wrong with the answers of servers. */
    MisbehavingServer.Fault ofAnswers() {
        return ofAnswers;
    }
}
