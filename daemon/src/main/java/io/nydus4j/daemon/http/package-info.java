/** A small HTTP/1.1 server on a Unix socket, enough for the daemon's API. */
@NullMarked
package io.nydus4j.daemon.http;

import org.jspecify.annotations.NullMarked;
