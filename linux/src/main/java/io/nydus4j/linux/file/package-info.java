/**
 * Files and directories by byte names, relative to open directories.
 *
 * <p>{@code java.nio.file} decodes names by the locale, limits paths to 4096 bytes and follows what it should not. Here a name is a
 * {@code byte[]}, a place is a {@link io.nydus4j.linux.file.Descriptor} of a directory, and nothing at the end of a name is followed
 * unless a method says so.
 */
@NullMarked
package io.nydus4j.linux.file;

import org.jspecify.annotations.NullMarked;
