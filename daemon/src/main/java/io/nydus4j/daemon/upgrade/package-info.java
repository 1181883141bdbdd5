/** What outlives a daemon, so that another one can take its mounts over: descriptors, the state beside them, and how to get both. */
@NullMarked
package io.nydus4j.daemon.upgrade;

import org.jspecify.annotations.NullMarked;
