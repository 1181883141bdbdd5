/** Holding readers back until a range of a file is there ({@code fanotify}, pre-content events). */
@NullMarked
package io.nydus4j.linux.fanotify;

import org.jspecify.annotations.NullMarked;
