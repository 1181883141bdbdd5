/** The {@code nydusd} command: serves images. */
@NullMarked
package io.nydus4j.cli.nydusd;

import org.jspecify.annotations.NullMarked;
