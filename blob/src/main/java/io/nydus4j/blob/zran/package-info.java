/** Reading from the middle of a gzip file by contexts recorded when the image was built. */
@NullMarked
package io.nydus4j.blob.zran;

import org.jspecify.annotations.NullMarked;
