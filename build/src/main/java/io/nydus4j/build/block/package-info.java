/** Images as block devices that the kernel mounts. */
@NullMarked
package io.nydus4j.build.block;

import org.jspecify.annotations.NullMarked;
