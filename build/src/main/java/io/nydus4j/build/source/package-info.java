/** Reads the trees that images are built from. */
@NullMarked
package io.nydus4j.build.source;

import org.jspecify.annotations.NullMarked;
