/** Fetching data before anybody asks for it. */
@NullMarked
package io.nydus4j.storage.prefetch;

import org.jspecify.annotations.NullMarked;
