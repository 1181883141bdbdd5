/** Directories of the host, shown as they are. */
@NullMarked
package io.nydus4j.daemon.passthrough;

import org.jspecify.annotations.NullMarked;
