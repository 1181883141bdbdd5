/** The tail of a blob: tar headers, the table of contents, the inlined bootstrap. */
@NullMarked
package io.nydus4j.blob.toc;

import org.jspecify.annotations.NullMarked;
