/** The data side of an image: its lazy blobs, shared by all that use the same configuration. */
@NullMarked
package io.nydus4j.storage.device;

import org.jspecify.annotations.NullMarked;
