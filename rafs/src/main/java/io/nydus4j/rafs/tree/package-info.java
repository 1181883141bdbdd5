/** The tree of an image under construction: what every source fills and the writers of both formats lay out. */
@NullMarked
package io.nydus4j.rafs.tree;

import org.jspecify.annotations.NullMarked;
