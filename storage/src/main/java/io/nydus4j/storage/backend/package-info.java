/** Where blobs are stored: the kinds of backend. */
@NullMarked
package io.nydus4j.storage.backend;

import org.jspecify.annotations.NullMarked;
