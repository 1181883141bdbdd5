/**
 * RAFS v6: the layouts of an EROFS-compatible bootstrap, the view that reads it in place, and its writer.
 *
 * <p>All numbers on disk are little-endian. Addresses of inodes ("nids") count slots of 32 bytes from the start of the metadata area;
 * addresses of data count blocks, of 4096 bytes or, where the blobs are tar files, of 512.
 */
@NullMarked
package io.nydus4j.rafs.v6;

import org.jspecify.annotations.NullMarked;
