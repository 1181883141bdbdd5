/** Chunks of existing blobs that become new blobs. */
@NullMarked
package io.nydus4j.build.repack;

import org.jspecify.annotations.NullMarked;
