/** Where bytes come from and where they rest: backends, caches that fill themselves, and their configuration. */
@NullMarked
package io.nydus4j.storage;

import org.jspecify.annotations.NullMarked;
