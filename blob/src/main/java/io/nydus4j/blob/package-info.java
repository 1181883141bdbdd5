/**
 * The data blob: its parts, and what an image knows of it. Pure functions on memory; nothing here opens a file.
 */
@NullMarked
package io.nydus4j.blob;

import org.jspecify.annotations.NullMarked;
