/** Where the commands' log lines go, in the reference's format. */
@NullMarked
package io.nydus4j.cli.log;

import org.jspecify.annotations.NullMarked;
