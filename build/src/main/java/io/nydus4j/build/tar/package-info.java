/** Reads and writes tar archives; names, link targets and xattrs are bytes. */
@NullMarked
package io.nydus4j.build.tar;

import org.jspecify.annotations.NullMarked;
