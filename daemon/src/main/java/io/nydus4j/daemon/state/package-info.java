/** What a daemon's successor must know of it, as values and as a document. */
@NullMarked
package io.nydus4j.daemon.state;

import org.jspecify.annotations.NullMarked;
