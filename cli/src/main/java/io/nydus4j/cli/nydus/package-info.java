/** The {@code nydus} command: one front door to building, mounting and looking at images. */
@NullMarked
package io.nydus4j.cli.nydus;

import org.jspecify.annotations.NullMarked;
