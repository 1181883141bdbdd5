/** What the daemon's HTTP API says, and a client for it; free of the server. */
@NullMarked
package io.nydus4j.daemon.api;

import org.jspecify.annotations.NullMarked;
