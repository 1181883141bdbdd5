/** Reads the chunks of images from stored blobs. */
@NullMarked
package io.nydus4j.build.read;

import org.jspecify.annotations.NullMarked;
