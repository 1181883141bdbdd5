/** Cuts files into chunks and writes data blobs: in order, on all cores, in bounded memory. */
@NullMarked
package io.nydus4j.build.write;

import org.jspecify.annotations.NullMarked;
