/** A command. */
@NullMarked
package io.nydus4j.cli.nydus;

import org.jspecify.annotations.NullMarked;
