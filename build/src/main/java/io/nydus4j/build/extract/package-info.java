/** Writes the files of images into directories. */
@NullMarked
package io.nydus4j.build.extract;

import org.jspecify.annotations.NullMarked;
