/** The paths of the daemon's HTTP API, each turned into a call of the daemon. */
@NullMarked
package io.nydus4j.daemon.endpoint;

import org.jspecify.annotations.NullMarked;
