/** A command. */
@NullMarked
package io.nydus4j.cli.nydusd;

import org.jspecify.annotations.NullMarked;
