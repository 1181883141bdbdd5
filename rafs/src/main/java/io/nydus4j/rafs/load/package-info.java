/** Opens images: finds the version of a bootstrap, maps or copies it, takes it out of a data blob, exchanges it while it is read. */
@NullMarked
package io.nydus4j.rafs.load;

import org.jspecify.annotations.NullMarked;
