/** What was read first of an image, by whom, and what it waited for. */
@NullMarked
package io.nydus4j.daemon.trace;

import org.jspecify.annotations.NullMarked;
