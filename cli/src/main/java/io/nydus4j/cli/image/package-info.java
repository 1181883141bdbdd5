/** The {@code nydus-image} command. */
@NullMarked
package io.nydus4j.cli.image;

import org.jspecify.annotations.NullMarked;
