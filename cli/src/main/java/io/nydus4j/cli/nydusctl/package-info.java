/** The {@code nydusctl} command: asks a running daemon. */
@NullMarked
package io.nydus4j.cli.nydusctl;

import org.jspecify.annotations.NullMarked;
