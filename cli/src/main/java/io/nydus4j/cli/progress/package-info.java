/** What long work shows on a terminal. */
@NullMarked
package io.nydus4j.cli.progress;

import org.jspecify.annotations.NullMarked;
