/** Chunk information: the tables that say where each chunk of a blob lies, and the way from stored to plain bytes. */
@NullMarked
package io.nydus4j.blob.chunk;

import org.jspecify.annotations.NullMarked;
