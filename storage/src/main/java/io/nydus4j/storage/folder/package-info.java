/** The folder of a cache seen from outside: what is in it, whether it is right, what can go. */
@NullMarked
package io.nydus4j.storage.folder;

import org.jspecify.annotations.NullMarked;
