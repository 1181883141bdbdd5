/** Several file systems in one FUSE mount: the directories above them, and which of them answers a request. */
@NullMarked
package io.nydus4j.daemon.vfs;

import org.jspecify.annotations.NullMarked;
