/** RAFS v5: the layouts of its bootstrap, zero-copy views over them, and the writer. */
@NullMarked
package io.nydus4j.rafs.v5;

import org.jspecify.annotations.NullMarked;
