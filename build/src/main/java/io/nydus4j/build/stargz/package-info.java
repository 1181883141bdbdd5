/** Layers of the stargz family: their tables of contents, and the trees and chunks that these tell of. */
@NullMarked
package io.nydus4j.build.stargz;

import org.jspecify.annotations.NullMarked;
