/** Builds images from directories and archives, and images from images. */
@NullMarked
package io.nydus4j.build;

import org.jspecify.annotations.NullMarked;
