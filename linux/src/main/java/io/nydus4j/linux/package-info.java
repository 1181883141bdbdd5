/** The kernel's interfaces, called through the Foreign Function and Memory API. */
@NullMarked
package io.nydus4j.linux;

import org.jspecify.annotations.NullMarked;
