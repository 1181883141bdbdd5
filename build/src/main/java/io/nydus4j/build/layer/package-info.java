/** Images made of layers: whiteouts, one tree over another, blobs and chunks that come from other images. */
@NullMarked
package io.nydus4j.build.layer;

import org.jspecify.annotations.NullMarked;
