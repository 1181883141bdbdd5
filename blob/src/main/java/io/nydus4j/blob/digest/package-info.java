/** Digests and checksums of data: BLAKE3, SHA-256 and CRC-32C. Pure functions on memory. */
@NullMarked
package io.nydus4j.blob.digest;

import org.jspecify.annotations.NullMarked;
