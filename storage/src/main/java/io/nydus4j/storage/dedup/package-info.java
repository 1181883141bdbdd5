/** What blobs have in common: where a chunk rests that another blob's cache file holds already. */
@NullMarked
package io.nydus4j.storage.dedup;

import org.jspecify.annotations.NullMarked;
