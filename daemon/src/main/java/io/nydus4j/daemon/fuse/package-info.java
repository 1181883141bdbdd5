/** The FUSE front end: a RAFS image as a file system of the kernel. */
@NullMarked
package io.nydus4j.daemon.fuse;

import org.jspecify.annotations.NullMarked;
