/** Images that can be changed: an upper directory over an image. */
@NullMarked
package io.nydus4j.daemon.overlay;

import org.jspecify.annotations.NullMarked;
