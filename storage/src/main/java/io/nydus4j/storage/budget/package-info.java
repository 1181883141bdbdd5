/** Keeping the folder of a cache within a number of bytes. */
@NullMarked
package io.nydus4j.storage.budget;

import org.jspecify.annotations.NullMarked;
