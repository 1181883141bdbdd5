/** Mounting, unmounting, and what is mounted. */
@NullMarked
package io.nydus4j.linux.mount;

import org.jspecify.annotations.NullMarked;
