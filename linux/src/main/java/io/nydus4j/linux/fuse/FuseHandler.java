package io.nydus4j.linux.fuse;

import io.nydus4j.linux.Errno;
import java.io.IOException;

/**
 * A file system, as the kernel asks about it. What would change it is refused unless a handler does it.
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

    /**
     * Tells whether all that may be asked about a node, but its data, is answered from memory at once; then a loop may answer several
     * such requests before another loop is woken to help. Asked before each request.
     */
    default boolean isInMemory(long nodeId) {
        return false;
    }

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

    /** Changes attributes, and answers by {@link FuseReply#attributes} with all of them. */
    default void setattr(FuseRequest request, FuseReply reply) throws IOException {
        reply.error(Errno.EROFS);
    }

    /** Makes a node that is no directory and no symbolic link, and answers by {@link FuseReply#entry}. */
    default void mknod(FuseRequest request, FuseReply reply) throws IOException {
        reply.error(Errno.EROFS);
    }

    /** Makes a directory, and answers by {@link FuseReply#entry}. */
    default void mkdir(FuseRequest request, FuseReply reply) throws IOException {
        reply.error(Errno.EROFS);
    }

    /** Makes a symbolic link, and answers by {@link FuseReply#entry}. */
    default void symlink(FuseRequest request, FuseReply reply) throws IOException {
        reply.error(Errno.EROFS);
    }

    /** Gives a node another name in the directory that the request is about, and answers by {@link FuseReply#entry}. */
    default void link(FuseRequest request, FuseReply reply) throws IOException {
        reply.error(Errno.EROFS);
    }

    /** Removes a name that is not a directory's. */
    default void unlink(FuseRequest request, FuseReply reply) throws IOException {
        reply.error(Errno.EROFS);
    }

    /** Removes an empty directory. */
    default void rmdir(FuseRequest request, FuseReply reply) throws IOException {
        reply.error(Errno.EROFS);
    }

    /** Renames; for RENAME and RENAME2. */
    default void rename(FuseRequest request, FuseReply reply) throws IOException {
        reply.error(Errno.EROFS);
    }

    /** Makes a file unless it is there, opens it, and answers by {@link FuseReply#created}. */
    default void create(FuseRequest request, FuseReply reply) throws IOException {
        reply.error(Errno.EROFS);
    }

    /** Writes data, and answers by {@link FuseReply#written}. */
    default void write(FuseRequest request, FuseReply reply) throws IOException {
        reply.error(Errno.EROFS);
    }

    /** Sets an extended attribute. */
    default void setxattr(FuseRequest request, FuseReply reply) throws IOException {
        reply.error(Errno.EROFS);
    }

    /** Removes an extended attribute, or answers by {@code ENODATA}. */
    default void removexattr(FuseRequest request, FuseReply reply) throws IOException {
        reply.error(Errno.EROFS);
    }

    /** Reserves or frees space of a file. */
    default void fallocate(FuseRequest request, FuseReply reply) throws IOException {
        reply.error(Errno.EROFS);
    }

    /** Copies a range of one file to another, and answers by {@link FuseReply#written}. */
    default void copyFileRange(FuseRequest request, FuseReply reply) throws IOException {
        reply.error(Errno.EROFS);
    }

    /** Waits until the data of a file is on the disk. Nothing is written here, so it is there. */
    default void fsync(FuseRequest request, FuseReply reply) throws IOException {
        reply.ok();
    }

    /** Waits until the names of a directory are on the disk. */
    default void fsyncdir(FuseRequest request, FuseReply reply) throws IOException {
        reply.ok();
    }

    /** Answers any other request. */
    default void other(FuseRequest request, FuseReply reply) throws IOException {
        reply.error(Errno.ENOSYS);
    }
}
