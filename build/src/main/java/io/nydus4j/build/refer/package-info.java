/** Archives that stay as they are while an image refers to their bytes. */
@NullMarked
package io.nydus4j.build.refer;

import org.jspecify.annotations.NullMarked;
