package io.nydus4j.linux.fuse;

import io.nydus4j.linux.Errno;
import java.io.IOException;

/**
 * A read-only file system, as the kernel asks about it.
 *
 * <p>Several loop threads call these methods at once. None may wait for the network or for long: a method that would, calls
 * {@link FuseReply#detach} and lets a virtual thread answer. Each method with a reply calls exactly one of the reply's methods that
 * end it; what is left open, or left by an exception, the loop answers by an error: the number of an
 * {@link io.nydus4j.linux.ErrnoException}, else {@code EIO}.
 *
 * <p>Node ids are the handler's choice, but the root's is {@link FuseRequest#ROOT_NODE_ID}; where a successor shall take the mount
 * over they must not depend on the process.
 */
public interface FuseHandler {
    /** Takes note of what was agreed with the kernel; called once, before any other method, also after a take-over. */
    default void connected(FuseConnection connection) {}

    /** Answers by {@link FuseReply#entry}, {@link FuseReply#negativeEntry} or an error: the name below a directory node. */
    void lookup(FuseRequest request, FuseReply reply) throws IOException;

    /**
     * Gives up look-ups: the kernel drops a node once it has given up as many as entry replies (also within listings) gave. Comes in
     * floods; a handler whose node ids need no memory does nothing.
     */
    default void forget(long nodeId, long lookups) {}

    /** Answers by {@link FuseReply#attributes}. */
    void getattr(FuseRequest request, FuseReply reply) throws IOException;

    /** Answers by {@link FuseReply#data} with the target of a symbolic link, without a NUL. */
    void readlink(FuseRequest request, FuseReply reply) throws IOException;

    /** Answers by {@link FuseReply#open}, or, as here, tells the kernel not to ask: then reads carry no handle. */
    default void open(FuseRequest request, FuseReply reply) throws IOException {
        reply.openUnneeded();
    }

    /** Answers by data of at most {@link FuseRequest#size} bytes, fewer only at the end of the file. */
    void read(FuseRequest request, FuseReply reply) throws IOException;

    /** Answers by {@link FuseReply#statfs}. */
    default void statfs(FuseRequest request, FuseReply reply) throws IOException {
        reply.statfs(0, 0, 4096, 255);
    }

    /** Ends an open; only after an open that was answered. */
    default void release(FuseRequest request, FuseReply reply) throws IOException {
        reply.ok();
    }

    /**
     * Answers by {@link FuseReply#xattr} or {@code ENODATA}. {@code ENOSYS}, as here, tells the kernel never to ask again on this
     * mount.
     */
    default void getxattr(FuseRequest request, FuseReply reply) throws IOException {
        reply.error(Errno.ENOSYS);
    }

    /** Answers by {@link FuseReply#xattr} with the names, each followed by a NUL; {@code ENOSYS} as for {@link #getxattr}. */
    default void listxattr(FuseRequest request, FuseReply reply) throws IOException {
        reply.error(Errno.ENOSYS);
    }

    /** Answers by {@link FuseReply#open}, or, as here, tells the kernel not to ask, and to keep listings. */
    default void opendir(FuseRequest request, FuseReply reply) throws IOException {
        reply.openUnneeded();
    }

    /** Answers by {@link FuseReply#dirent} for each entry after the cookie {@link FuseRequest#offset}, then {@link FuseReply#sendDirents}. */
    void readdir(FuseRequest request, FuseReply reply) throws IOException;

    /**
     * Answers by {@link FuseReply#direntPlus} for each entry after the cookie, then {@link FuseReply#sendDirents}. {@code ENOSYS}, as
     * here, makes the kernel use {@link #readdir}.
     */
    default void readdirplus(FuseRequest request, FuseReply reply) throws IOException {
        reply.error(Errno.ENOSYS);
    }

    /** Ends an open of a directory; only after an open that was answered. */
    default void releasedir(FuseRequest request, FuseReply reply) throws IOException {
        reply.ok();
    }

    /** Checks permissions; never asked where the mount has {@code default_permissions}. */
    default void access(FuseRequest request, FuseReply reply) throws IOException {
        reply.error(Errno.ENOSYS);
    }

    /** Finds data or a hole; {@code ENOSYS}, as here, makes the kernel take files for free of holes. */
    default void lseek(FuseRequest request, FuseReply reply) throws IOException {
        reply.error(Errno.ENOSYS);
    }

    /** Answers any other request that changes nothing (those that do are refused by {@code EROFS}). */
    default void other(FuseRequest request, FuseReply reply) throws IOException {
        reply.error(Errno.ENOSYS);
    }
}
