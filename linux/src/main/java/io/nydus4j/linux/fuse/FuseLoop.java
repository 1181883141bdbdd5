package io.nydus4j.linux.fuse;

import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.libc.Scratch;
import io.nydus4j.linux.libc.Unistd;
import java.io.IOException;

/**
 * One thread's loop: reads a request, lets the handler answer it, and again; looks for the next a moment, then sleeps.
 *
 * <p>All loops share the descriptor, which never blocks, and a {@link LoopRest}, where they sleep: a request wakes one of them at most,
 * and none while one looks for it.
 */
final class FuseLoop implements Runnable {
    /** Least room for a request; so large only for the sake of floods of FORGET. */
    private static final int REQUEST_CAPACITY = 128 << 10;

    /** Room for what precedes the data of a write. */
    private static final int WRITE_HEADERS = 4096;

    /**
     * How many requests, each of another thread than the one before, may follow on each other until another loop is to help with what
     * still waits. A thread asks again when it has its answer, so those of one leave nothing waiting.
     */
    private static final int ALONE = 8;
    /** A symbolic link's target has fewer bytes. */
    private static final int READLINK_LIMIT = 4096;

    private static final System.Logger LOGGER = System.getLogger(FuseLoop.class.getName());

    private final FuseSession session;
    private final FuseDevice device;
    private final FuseHandler handler;
    private final LoopRest rest;
    private final LoopLook look;
    private final int capacity;
    private final FuseRequest request;
    private final FuseReply reply;
    private final Scratch scratch = Scratch.take(); // kept until the loop ends

    FuseLoop(FuseSession session, FuseDevice device, FuseHandler handler, LoopRest rest) {
        this.session = session;
        this.device = device;
        this.handler = handler;
        this.rest = rest;
        this.look = new LoopLook(rest);
        capacity = Math.max(REQUEST_CAPACITY, device.connection().maxWriteBytes() + WRITE_HEADERS);
        request = new FuseRequest(capacity);
        reply = new FuseReply(device, device.replyCapacity());
    }

    @Override
    public void run() {
        SessionEnd end = SessionEnd.FAILED;
        try {
            end = serve();
        } finally {
            look.end();
            rest.watch(scratch); // the others must hear of the end, too
            close();
            session.loopEnded(end);
        }
    }

    /** Frees what it has; for a loop that never ran. */
    void close() {
        reply.close();
        scratch.close();
    }

    private SessionEnd serve() {
        int descriptor = device.descriptor().number();
        long buffer = request.buffer().address();
        int following = 0;
        int client = 0;
        while (!session.isStopping()) {
            long n = Unistd.read(scratch, descriptor, buffer, capacity);
            if (n >= FuseRequest.HEADER_SIZE) {
                request.bind((int) n);
                boolean another = request.pid() != client || client == 0; // 0: one of which the kernel tells nothing
                client = request.pid();
                if (mayTakeLong()) {
                    look.end();
                    rest.watch(scratch);
                } else if (another && ++following % ALONE == 0) {
                    rest.watch(scratch);
                }
                dispatch();
                if (!reply.isDetached()) { // else the client has its answer late, and asks for nothing before
                    look.begin();
                }
                continue;
            }
            following = 0;
            switch ((int) -n) {
                case Errno.EAGAIN -> {
                    if (!look.goesOn()) {
                        rest.sleep(scratch);
                    }
                }
                case Errno.EINTR, Errno.ENOENT -> {} // ENOENT: the client gave the request up before it was read
                case Errno.ENODEV -> {
                    return SessionEnd.UNMOUNTED;
                }
                case Errno.ECONNABORTED -> {
                    return SessionEnd.ABORTED;
                }
                default -> {
                    LOGGER.log(System.Logger.Level.ERROR, "reading /dev/fuse gave {0}", n);
                    return SessionEnd.FAILED;
                }
            }
        }
        return SessionEnd.STOPPED;
    }

    /** Tells whether the answer may need a disk: other requests must not wait for it. */
    private boolean mayTakeLong() {
        return request.opcode() == FuseOpcode.READ || !handler.isInMemory(request.nodeId());
    }

    /** Returns the request that {@link #dispatch} answers. */
    FuseRequest request() {
        return request;
    }

    /** Has the handler answer the request. */
    void dispatch() {
        int opcode = request.opcode();
        reply.begin(request.unique(), limit(opcode));
        try {
            serve(opcode);
        } catch (ErrnoException e) {
            failed(e, e.errno());
        } catch (Exception | Error e) { // an InternalError, too: what a mapped file has may be lost to a bad disk
            LOGGER.log(System.Logger.Level.ERROR, "request of kind " + opcode + " failed", e);
            failed(e, Errno.EIO);
        }
        if (reply.isOpen()) {
            LOGGER.log(System.Logger.Level.ERROR, "request of kind {0} was left without an answer", opcode);
            reply.error(Errno.EIO);
        }
    }

    private void failed(Throwable cause, int errno) {
        if (reply.isOpen()) {
            reply.error(errno);
        } else {
            LOGGER.log(System.Logger.Level.ERROR, "failed after the answer", cause);
        }
    }

    private int limit(int opcode) {
        return switch (opcode) {
            case FuseOpcode.READ,
                    FuseOpcode.READDIR,
                    FuseOpcode.READDIRPLUS,
                    FuseOpcode.GETXATTR,
                    FuseOpcode.LISTXATTR -> Math.min(request.size(), device.replyCapacity());
            case FuseOpcode.READLINK -> READLINK_LIMIT;
            default -> device.replyCapacity();
        };
    }

    private void serve(int opcode) throws IOException {
        switch (opcode) {
            case FuseOpcode.READ -> handler.read(request, reply);
            case FuseOpcode.LOOKUP -> handler.lookup(request, reply);
            case FuseOpcode.GETATTR -> handler.getattr(request, reply);
            case FuseOpcode.GETXATTR -> handler.getxattr(request, reply);
            case FuseOpcode.LISTXATTR -> handler.listxattr(request, reply);
            case FuseOpcode.READDIRPLUS -> handler.readdirplus(request, reply);
            case FuseOpcode.READDIR -> handler.readdir(request, reply);
            case FuseOpcode.READLINK -> handler.readlink(request, reply);
            case FuseOpcode.OPEN -> handler.open(request, reply);
            case FuseOpcode.RELEASE -> handler.release(request, reply);
            case FuseOpcode.OPENDIR -> handler.opendir(request, reply);
            case FuseOpcode.RELEASEDIR -> handler.releasedir(request, reply);
            case FuseOpcode.STATFS -> handler.statfs(request, reply);
            case FuseOpcode.ACCESS -> handler.access(request, reply);
            case FuseOpcode.LSEEK -> handler.lseek(request, reply);
            case FuseOpcode.FORGET -> {
                reply.none();
                forget(request.nodeId(), request.forgetCount());
            }
            case FuseOpcode.BATCH_FORGET -> {
                reply.none();
                for (int i = 0; i < request.batchCount(); i++) {
                    forget(request.batchNodeId(i), request.batchForgetCount(i));
                }
            }
            case FuseOpcode.INTERRUPT, FuseOpcode.NOTIFY_REPLY -> reply.none();
            case FuseOpcode.DESTROY -> reply.ok();
            case FuseOpcode.INIT -> reply.error(Errno.EPROTO); // was answered before the loops started
            case FuseOpcode.STATX -> reply.error(Errno.ENOSYS);
            case FuseOpcode.FSYNC -> handler.fsync(request, reply);
            case FuseOpcode.FSYNCDIR -> handler.fsyncdir(request, reply);
            default -> {
                if (!FuseOpcode.isChange(opcode)) {
                    handler.other(request, reply);
                } else if (device.connection().isForWriting()) {
                    change(opcode);
                } else {
                    reply.error(Errno.EROFS);
                }
            }
        }
    }

    private void forget(long nodeId, long lookups) {
        handler.forget(nodeId, lookups);
        device.lookups().takenBack(nodeId, lookups);
    }

    private void change(int opcode) throws IOException {
        switch (opcode) {
            case FuseOpcode.WRITE -> handler.write(request, reply);
            case FuseOpcode.SETATTR -> handler.setattr(request, reply);
            case FuseOpcode.CREATE -> handler.create(request, reply);
            case FuseOpcode.MKNOD -> handler.mknod(request, reply);
            case FuseOpcode.MKDIR -> handler.mkdir(request, reply);
            case FuseOpcode.SYMLINK -> handler.symlink(request, reply);
            case FuseOpcode.LINK -> handler.link(request, reply);
            case FuseOpcode.UNLINK -> handler.unlink(request, reply);
            case FuseOpcode.RMDIR -> handler.rmdir(request, reply);
            case FuseOpcode.RENAME, FuseOpcode.RENAME2 -> handler.rename(request, reply);
            case FuseOpcode.SETXATTR -> handler.setxattr(request, reply);
            case FuseOpcode.REMOVEXATTR -> handler.removexattr(request, reply);
            case FuseOpcode.FALLOCATE -> handler.fallocate(request, reply);
            case FuseOpcode.COPY_FILE_RANGE -> handler.copyFileRange(request, reply);
            default -> reply.error(Errno.EOPNOTSUPP); // files without a name
        }
    }
}
