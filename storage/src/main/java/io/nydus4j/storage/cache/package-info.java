/** Where blobs rest: files that fill themselves, and the caches without files. */
@NullMarked
package io.nydus4j.storage.cache;

import org.jspecify.annotations.NullMarked;
