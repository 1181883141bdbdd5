/** Passing descriptors between processes: over Unix sockets, to children, and out of other processes. */
@NullMarked
package io.nydus4j.linux.socket;

import org.jspecify.annotations.NullMarked;
