/** A command. */
@NullMarked
package io.nydus4j.cli.nydusctl;

import org.jspecify.annotations.NullMarked;
