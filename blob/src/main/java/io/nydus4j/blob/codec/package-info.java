/** Compression of chunks and metadata: none, lz4_block, zstd and gzip. Pure functions on memory. */
@NullMarked
package io.nydus4j.blob.codec;

import org.jspecify.annotations.NullMarked;
