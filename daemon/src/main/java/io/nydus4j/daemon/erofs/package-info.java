/** The front end on the kernel's own EROFS: cache files that are filled before the kernel reads them. */
@NullMarked
package io.nydus4j.daemon.erofs;

import org.jspecify.annotations.NullMarked;
