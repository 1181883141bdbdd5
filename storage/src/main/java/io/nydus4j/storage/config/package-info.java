/** What a user writes down of backends, caches and prefetching: the configuration documents of version 2 and 1, as immutable values. */
@NullMarked
package io.nydus4j.storage.config;

import org.jspecify.annotations.NullMarked;
