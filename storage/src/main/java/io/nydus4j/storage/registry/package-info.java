/** A container registry as a client sees it: who asks, with which token, and where blobs really lie. */
@NullMarked
package io.nydus4j.storage.registry;

import org.jspecify.annotations.NullMarked;
