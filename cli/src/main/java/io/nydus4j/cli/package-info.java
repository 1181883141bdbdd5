/** What the commands share. */
@NullMarked
package io.nydus4j.cli;

import org.jspecify.annotations.NullMarked;
