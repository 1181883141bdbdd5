/** Benchmarks of the library and its commands. */
@NullMarked
package io.nydus4j.bench;

import org.jspecify.annotations.NullMarked;
