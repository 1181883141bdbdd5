/**
 * The file system metadata of an image: superblock, inodes, directories, xattrs and chunk references, for RAFS v5 and v6. Nothing
 * here does I/O beyond mapping the bootstrap.
 */
@NullMarked
package io.nydus4j.rafs;

import org.jspecify.annotations.NullMarked;
