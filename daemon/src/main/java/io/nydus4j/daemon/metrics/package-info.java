/** The daemon's counters. */
@NullMarked
package io.nydus4j.daemon.metrics;

import org.jspecify.annotations.NullMarked;
