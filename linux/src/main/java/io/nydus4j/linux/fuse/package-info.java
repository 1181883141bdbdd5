/**
 * The transport of a read-only FUSE file system.
 *
 * <p>{@link io.nydus4j.linux.fuse.FuseSession} mounts, agrees with the kernel on what both can do, and runs a few loops that read
 * requests from {@code /dev/fuse} and give each to a {@link io.nydus4j.linux.fuse.FuseHandler} as a reusable
 * {@link io.nydus4j.linux.fuse.FuseRequest} and {@link io.nydus4j.linux.fuse.FuseReply}. Nothing is allocated per request.
 *
 * <p>No thread of the process may touch a path below its own mount: it would wait for itself.
 */
@NullMarked
package io.nydus4j.linux.fuse;

import org.jspecify.annotations.NullMarked;
