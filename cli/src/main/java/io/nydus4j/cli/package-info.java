/** The commands: options, progress, output, exit codes. */
@NullMarked
package io.nydus4j.cli;

import org.jspecify.annotations.NullMarked;
