/** Learns from images which chunks are worth sharing. */
@NullMarked
package io.nydus4j.build.chunkdict;

import org.jspecify.annotations.NullMarked;
