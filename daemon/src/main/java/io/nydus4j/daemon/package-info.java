/** Serves images: mounts, their front ends and the daemon's API. */
@NullMarked
package io.nydus4j.daemon;

import org.jspecify.annotations.NullMarked;
