package io.nydus4j.daemon.fuse;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.daemon.api.FileOperation;
import io.nydus4j.daemon.metrics.FileSystemCounters;
import io.nydus4j.daemon.trace.AccessTrace;
import io.nydus4j.daemon.vfs.MountedFileSystem;
import io.nydus4j.linux.Errno;
import io.nydus4j.linux.file.OpenFlags;
import io.nydus4j.linux.fuse.FuseAttributes;
import io.nydus4j.linux.fuse.FuseReply;
import io.nydus4j.linux.fuse.FuseRequest;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.FileMode;
import io.nydus4j.rafs.Inode;
import io.nydus4j.storage.CacheCounters;
import io.nydus4j.storage.LazyBlob;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Serves one image.
 *
 * <p>An image never changes, so the kernel is told to keep names, attributes, missing names and listings for good; it does not open
 * files or directories, and node ids need no memory. {@link CachedReader} answers a READ at once or puts it aside, so that no loop ever
 * waits. A broken image makes {@code EIO} for what is broken, and a line in the log.
 */
public final class RafsFuseHandler implements MountedFileSystem {
    /** For how long the kernel may keep what it was told, in seconds: for good. Mirrors the reference's default timeouts. */
    private static final long KEEP_SECONDS = 1L << 32;

    private static final int STATFS_BLOCK_SIZE = 512;
    private static final int NAME_MAX = 255;
    private static final int SEEK_HOLE = 4;
    private static final byte[] DOT = {'.'};
    private static final byte[] DOT_DOT = {'.', '.'};

    private final Bootstrap bootstrap;
    private final LazyBlob[] blobs;
    private final boolean xattrs;
    private final boolean alone;
    private final int noXattrs;
    private final long inodes;
    private final NodeIds nodes;
    private final ImageRules rules;
    private final FileSystemCounters counters;
    private final BrokenImageLog log;
    private final CachedReader reader;
    private final LateReader late;
    private final LoopStates loops;

    /**
     * Makes a handler.
     *
     * @param bootstrap the image; stays the caller's, open as long as the handler is used
     * @param blobs     its data, by blob index; stays the caller's, likewise
     * @param options   how to show it
     * @param counters  are counted up
     * @param cache     counts what the cache answers
     * @param commons   shared with the other file systems of the daemon
     */
    public RafsFuseHandler(
            Bootstrap bootstrap,
            List<? extends LazyBlob> blobs,
            ImageOptions options,
            FileSystemCounters counters,
            CacheCounters cache,
            FuseCommons commons) {
        this.bootstrap = bootstrap;
        this.blobs = blobs.toArray(LazyBlob[]::new);
        this.xattrs = options.xattrs() || bootstrap.superblock().hasXattrs();
        this.inodes = bootstrap.superblock().inodesCount();
        this.alone = options.alone();
        this.noXattrs = alone ? Errno.ENOSYS : Errno.ENODATA;
        this.nodes = new NodeIds(options.index(), bootstrap.rootIno(), options.atRoot());
        this.rules = new ImageRules(
                nodes, bootstrap.superblock().explicitUidGid(), options.uid(), options.gid(), options.mountSeconds());
        this.counters = counters;
        this.log = new BrokenImageLog(counters.id(), commons.events());
        int chunkSize = bootstrap.superblock().chunkSize();
        this.late = new LateReader(this.blobs, chunkSize, counters, commons, log);
        this.reader = new CachedReader(this.blobs, chunkSize, counters, cache, late);
        this.loops = commons.loops();
    }

    /** Sets where reads are noted from now on; null to note them nowhere. */
    public void trace(@Nullable AccessTrace tracing) {
        reader.trace(tracing);
    }

    @Override
    public long rootNodeId() {
        return nodes.nodeId(nodes.rootIno());
    }

    @Override
    public long keepSeconds() {
        return KEEP_SECONDS;
    }

    /** All is in the mapped bootstrap. */
    @Override
    public boolean isInMemory(long nodeId) {
        return true;
    }

    @Override
    public FuseAttributes rootAttributes(FuseAttributes attributes) throws IOException {
        return rules.fill(inode(loops.current(), nodes.rootIno()), attributes);
    }

    @Override
    public List<byte[]> rootNames() throws IOException {
        List<byte[]> names = new ArrayList<>();
        bootstrap.inode(nodes.rootIno()).walk(0, (name, ino, type, next) -> {
            if (!isDot(name)) {
                names.add(name.clone());
            }
            return true;
        });
        return names;
    }

    @Override
    public boolean awaitIdle(Duration patience) throws InterruptedException {
        loops.forget(bootstrap);
        return late.awaitIdle(patience);
    }

    @Override
    public void lookup(FuseRequest request, FuseReply reply) {
        long parentIno = nodes.ino(request.nodeId());
        LoopState loop = loops.current();
        try {
            Inode parent = inode(loop, parentIno);
            if (!parent.isDirectory()) {
                counters.error(FileOperation.LOOKUP, parentIno);
                reply.error(Errno.ENOTDIR);
                return;
            }
            Inode child = child(loop, parent, request);
            counters.hit(FileOperation.LOOKUP, parentIno);
            if (child == null) {
                reply.negativeEntry(KEEP_SECONDS);
            } else {
                counters.know(child.ino());
                reply.entry(nodes.nodeId(child.ino()), 0, KEEP_SECONDS, rules.fill(child, reply.attributes()));
            }
        } catch (IOException e) {
            fail(FileOperation.LOOKUP, parentIno, e, reply);
        }
    }

    private @Nullable Inode child(LoopState loop, Inode parent, FuseRequest request) throws RafsFormatException {
        if (request.nameEquals(DOT)) {
            return parent;
        }
        if (request.nameEquals(DOT_DOT)) {
            return parent.ino() == nodes.rootIno() ? parent : inode(loop, parentOf(parent));
        }
        return parent.child(request.copyName());
    }

    /** Returns the number of a directory's parent. */
    private static long parentOf(Inode directory) throws RafsFormatException {
        long[] found = {-1};
        directory.walk(0, (name, ino, type, next) -> {
            if (name.length == 2 && name[0] == '.' && name[1] == '.') {
                found[0] = ino;
            }
            return found[0] == -1;
        });
        if (found[0] == -1) {
            throw new RafsFormatException("inode " + directory.ino(), -1, "the directory has no entry ..");
        }
        return found[0];
    }

    @Override
    public void getattr(FuseRequest request, FuseReply reply) {
        long ino = nodes.ino(request.nodeId());
        LoopState loop = loops.current();
        try {
            Inode inode = inode(loop, ino);
            counters.hit(FileOperation.GETATTR, ino);
            reply.attributes(KEEP_SECONDS, rules.fill(inode, reply.attributes()));
        } catch (IOException e) {
            fail(FileOperation.GETATTR, ino, e, reply);
        }
    }

    @Override
    public void readlink(FuseRequest request, FuseReply reply) {
        long ino = nodes.ino(request.nodeId());
        LoopState loop = loops.current();
        try {
            Inode inode = inode(loop, ino);
            if (inode.isSymlink()) {
                byte[] target = inode.symlinkTarget();
                counters.hit(FileOperation.READLINK, ino);
                reply.data(target);
            } else {
                counters.error(FileOperation.READLINK, ino);
                reply.error(Errno.EINVAL);
            }
        } catch (IOException e) {
            fail(FileOperation.READLINK, ino, e, reply);
        }
    }

    /** Refuses to open a file for writing; asked where the mount is for writing only, for what else is in it. */
    @Override
    public void open(FuseRequest request, FuseReply reply) {
        if ((request.openFlags() & (OpenFlags.WRITE_ONLY | OpenFlags.READ_WRITE | OpenFlags.TRUNCATE)) != 0) {
            reply.error(Errno.EROFS);
        } else {
            reply.openUnneeded();
        }
    }

    /** Returns the image as the lower layer of an overlay. */
    public LowerImage lower() {
        return new LowerImage(this, bootstrap, blobs, rules);
    }

    @Override
    public void read(FuseRequest request, FuseReply reply) {
        read(nodes.ino(request.nodeId()), request, reply);
    }

    /** Answers a READ of a file, whatever the number is that it has in the mount. */
    void read(long ino, FuseRequest request, FuseReply reply) {
        long start = System.nanoTime();
        LoopState loop = loops.current();
        try {
            reader.read(inode(loop, ino), start, loop.plan(), request, reply);
        } catch (IOException e) {
            counters.readFailed(ino);
            log.failed("read of " + request.size() + " bytes at " + request.offset(), ino, e);
            reply.error(Errno.EIO);
        }
    }

    @Override
    public void readdir(FuseRequest request, FuseReply reply) {
        long ino = nodes.ino(request.nodeId());
        LoopState loop = loops.current();
        try {
            Inode directory = inode(loop, ino);
            if (!directory.isDirectory()) {
                counters.error(FileOperation.READDIR, ino);
                reply.error(Errno.ENOTDIR);
                return;
            }
            directory.walk(
                    request.offset(),
                    (name, entry, type, next) ->
                            reply.dirent(nodes.shown(entry), next, type, MemorySegment.ofArray(name), 0, name.length));
            counters.hit(FileOperation.READDIR, ino);
            reply.sendDirents();
        } catch (IOException e) {
            fail(FileOperation.READDIR, ino, e, reply);
        }
    }

    @Override
    public void readdirplus(FuseRequest request, FuseReply reply) {
        long ino = nodes.ino(request.nodeId());
        LoopState loop = loops.current();
        try {
            Inode directory = inode(loop, ino);
            if (!directory.isDirectory()) {
                counters.error(FileOperation.READDIRPLUS, ino);
                reply.error(Errno.ENOTDIR);
                return;
            }
            directory.walk(request.offset(), (name, entry, type, next) -> addEntry(reply, name, entry, type, next));
            counters.hit(FileOperation.READDIRPLUS, ino);
            reply.sendDirents();
        } catch (IOException e) {
            fail(FileOperation.READDIRPLUS, ino, e, reply);
        }
    }

    /** Adds an entry with attributes; one that is broken is listed all the same, and fails when it is looked up. */
    private boolean addEntry(FuseReply reply, byte[] name, long ino, int type, long next) {
        MemorySegment bytes = MemorySegment.ofArray(name);
        if (isDot(name)) {
            var attributes = reply.attributes().ino(nodes.shown(ino)).mode(FileMode.DIRECTORY);
            return reply.direntPlus(0, 0, 0, attributes, next, bytes, 0, name.length);
        }
        try {
            Inode inode = bootstrap.inode(ino);
            counters.know(ino);
            return reply.direntPlus(
                    nodes.nodeId(ino),
                    0,
                    KEEP_SECONDS,
                    rules.fill(inode, reply.attributes()),
                    next,
                    bytes,
                    0,
                    name.length);
        } catch (RafsFormatException e) {
            log.failed("list", ino, e);
            var attributes = reply.attributes().ino(nodes.shown(ino)).mode(type);
            return reply.direntPlus(0, 0, 0, attributes, next, bytes, 0, name.length);
        }
    }

    private static boolean isDot(byte[] name) {
        return name.length > 0 && name.length <= 2 && name[0] == '.' && name[name.length - 1] == '.';
    }

    @Override
    public void getxattr(FuseRequest request, FuseReply reply) {
        long ino = nodes.ino(request.nodeId());
        LoopState loop = loops.current();
        try {
            if (!xattrs) {
                counters.error(FileOperation.GETXATTR, ino);
                reply.error(noXattrs);
                return;
            }
            Inode inode = inode(loop, ino);
            byte[] value = inode.hasXattrs() ? inode.xattr(request.copyName()) : null;
            if (value != null && request.size() != 0 && value.length > request.size()) {
                counters.error(FileOperation.GETXATTR, ino);
            } else {
                counters.hit(FileOperation.GETXATTR, ino);
            }
            if (value == null) {
                reply.error(Errno.ENODATA);
            } else {
                reply.xattr(request.size(), value);
            }
        } catch (IOException e) {
            fail(FileOperation.GETXATTR, ino, e, reply);
        }
    }

    @Override
    public void listxattr(FuseRequest request, FuseReply reply) {
        long ino = nodes.ino(request.nodeId());
        LoopState loop = loops.current();
        try {
            if (!xattrs) {
                counters.error(FileOperation.LISTXATTR, ino);
                if (noXattrs == Errno.ENOSYS) {
                    reply.error(noXattrs);
                } else {
                    reply.xattr(request.size(), new byte[0]);
                }
                return;
            }
            Inode inode = inode(loop, ino);
            counters.hit(FileOperation.LISTXATTR, ino);
            reply.xattrNames(request.size(), inode.hasXattrs() ? inode.xattrNames() : List.of());
        } catch (IOException e) {
            fail(FileOperation.LISTXATTR, ino, e, reply);
        }
    }

    @Override
    public void statfs(FuseRequest request, FuseReply reply) {
        reply.statfs(0, inodes, STATFS_BLOCK_SIZE, NAME_MAX);
    }

    @Override
    public void access(FuseRequest request, FuseReply reply) {
        long ino = nodes.ino(request.nodeId());
        LoopState loop = loops.current();
        try {
            if (rules.mayAccess(inode(loop, ino), request.accessMask(), request.uid(), request.gid())) {
                counters.hit(FileOperation.ACCESS, ino);
                reply.ok();
            } else {
                counters.error(FileOperation.ACCESS, ino);
                reply.error(Errno.EACCES);
            }
        } catch (IOException e) {
            fail(FileOperation.ACCESS, ino, e, reply);
        }
    }

    /** Finds data or the hole at the end; the kernel does that itself where no other file system wants to be asked. */
    @Override
    public void lseek(FuseRequest request, FuseReply reply) {
        if (alone) {
            reply.error(Errno.ENOSYS);
            return;
        }
        long ino = nodes.ino(request.nodeId());
        try {
            seek(inode(loops.current(), ino), request, reply);
        } catch (IOException e) {
            log.failed("lseek", ino, e);
            reply.error(Errno.EIO);
        }
    }

    /** Answers a LSEEK in a file, which is data up to its end. */
    static void seek(Inode inode, FuseRequest request, FuseReply reply) {
        long size = inode.size();
        if (request.offset() < 0 || request.offset() >= size) {
            reply.error(Errno.ENXIO);
        } else {
            reply.position(request.whence() == SEEK_HOLE ? size : request.offset());
        }
    }

    private Inode inode(LoopState loop, long ino) throws RafsFormatException {
        return loop.inode(nodes.index(), bootstrap, ino);
    }

    private void fail(FileOperation operation, long ino, IOException cause, FuseReply reply) {
        counters.error(operation, ino);
        log.failed(operation.label(), ino, cause);
        reply.error(Errno.EIO);
    }
}
