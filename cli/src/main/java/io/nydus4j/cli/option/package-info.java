/** What all commands share in reading their command line. */
@NullMarked
package io.nydus4j.cli.option;

import org.jspecify.annotations.NullMarked;
