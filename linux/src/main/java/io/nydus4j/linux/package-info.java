/**
 * What Linux offers and Java does not: the calls, their errors, and names that are bytes.
 *
 * <p>Every native call of the project is below this package. Nothing here knows of images.
 */
@NullMarked
package io.nydus4j.linux;

import org.jspecify.annotations.NullMarked;
