package io.nydus4j.linux.fuse;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.libc.Fcntl;
import io.nydus4j.linux.libc.Libc;
import io.nydus4j.linux.libc.Scratch;
import io.nydus4j.linux.libc.Unistd;
import io.nydus4j.linux.mount.FuseMount;
import io.nydus4j.linux.mount.FuseMountOptions;
import io.nydus4j.linux.mount.ReadAhead;
import io.nydus4j.linux.socket.Readiness;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A FUSE mount and the threads that serve it.
 *
 * <p>Life: {@link #mount} or {@link #takeOver}, {@link #start}, then either the file system is unmounted from outside
 * ({@link #ended} tells) and {@link #close} frees what is left, or {@link #close} unmounts, or {@link #stop} and {@link #leave} give
 * the mount to a successor that has a duplicate of {@link #device}. A stopped session can be started again.
 *
 * <p>{@link #start}, {@link #stop}, {@link #leave} and {@link #close} are called by one thread at a time, never by a handler; the rest
 * is thread-safe.
 */
public final class FuseSession implements AutoCloseable {
    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;
    private static final int O_NONBLOCK = 04000;
    private static final int HANDSHAKE_SECONDS = 30;
    private static final int UNMOUNT_MILLIS = 500;
    private static final int NOTIFY_HEADER = 16;
    private static final int NOTIFY_INVALIDATE_INODE = 2;
    private static final int NOTIFY_INVALIDATE_ENTRY = 3;
    private static final int NOTIFY_RESEND = 7;
    private static final int NAME_MAX = 1024;

    private static final System.Logger LOGGER = System.getLogger(FuseSession.class.getName());

    private final FuseDevice device;
    private final FuseMount mount;
    private final FuseHandler handler;
    private final FuseOptions options;
    private final AtomicBoolean closed = new AtomicBoolean();
    private final AtomicReference<Run> current = new AtomicReference<>(new Run());
    private volatile boolean stopping;
    private volatile boolean unmounted;

    /** One period from start to end of the loops. */
    private static final class Run {
        final CompletableFuture<SessionEnd> ended = new CompletableFuture<>();
        final List<Thread> threads = new ArrayList<>();
        final AtomicReference<@Nullable SessionEnd> first = new AtomicReference<>();
        final AtomicInteger running = new AtomicInteger();

        @Nullable
        LoopRest rest;
    }

    private FuseSession(FuseDevice device, FuseMount mount, FuseHandler handler, FuseOptions options) {
        this.device = device;
        this.mount = mount;
        this.handler = handler;
        this.options = options;
    }

    /**
     * Mounts and agrees with the kernel; clients wait from now on until {@link #start}.
     *
     * @param where   what to mount and how
     * @param handler answers the requests
     * @param options how to serve
     * @throws ErrnoException if mounting is refused
     * @throws IOException    if the kernel's FUSE is too old or does not answer
     */
    public static FuseSession mount(FuseMountOptions where, FuseHandler handler, FuseOptions options)
            throws IOException {
        FuseMount.Mounted mounted = FuseMount.mount(where);
        try {
            return connect(mounted.device(), mounted.mount(), null, handler, options);
        } catch (IOException | RuntimeException | Error e) {
            try {
                mounted.mount().unmount();
                mounted.device().close();
            } catch (IOException also) {
                e.addSuppressed(also);
            }
            throw e;
        }
    }

    /**
     * Takes over a mount that another process made.
     *
     * @param device     a duplicate of that process's descriptor of {@code /dev/fuse}; owned by the session once this returns
     * @param mount      the mount, for {@link #close}
     * @param connection what that process agreed on with the kernel, or null if it got no request yet
     * @param handler    answers the requests; its node ids and handles are those of that process
     * @param options    how to serve
     */
    public static FuseSession takeOver(
            Descriptor device,
            FuseMount mount,
            @Nullable FuseConnection connection,
            FuseHandler handler,
            FuseOptions options)
            throws IOException {
        return connect(device, mount, connection, handler, options);
    }

    private static FuseSession connect(
            Descriptor descriptor,
            FuseMount mount,
            @Nullable FuseConnection known,
            FuseHandler handler,
            FuseOptions options)
            throws IOException {
        setNonBlocking(descriptor);
        FuseConnection connection = known != null ? known : handshake(descriptor, options);
        if (options.readAheadKiB() > 0) {
            ReadAhead.set(mount.mountPoint(), options.readAheadKiB());
        }
        handler.connected(connection);
        return new FuseSession(new FuseDevice(descriptor, connection), mount, handler, options);
    }

    private static void setNonBlocking(Descriptor descriptor) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            int flags = check("fcntl", Fcntl.fcntl(scratch, descriptor.number(), F_GETFL, 0));
            check("fcntl", Fcntl.fcntl(scratch, descriptor.number(), F_SETFL, flags | O_NONBLOCK));
        }
    }

    /** Waits for INIT and answers it. */
    private static FuseConnection handshake(Descriptor descriptor, FuseOptions options) throws IOException {
        FuseRequest request = new FuseRequest(128 << 10);
        FuseConnection none = new FuseConnection(0, 0, 0, 0, FuseInit.ANSWER_SIZE);
        FuseDevice device = new FuseDevice(descriptor, none); // not closed: it only borrows the descriptor
        FuseReply reply = new FuseReply(device, 4096);
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(HANDSHAKE_SECONDS);
        try (Scratch scratch = Scratch.take()) {
            while (System.nanoTime() - deadline < 0) {
                long n = Unistd.read(
                        scratch,
                        descriptor.number(),
                        request.buffer().address(),
                        request.buffer().byteSize());
                if (n == -Errno.EAGAIN) {
                    Readiness.awaitInput(descriptor, Duration.ofSeconds(1));
                    continue;
                }
                if (n == -Errno.EINTR || n == -Errno.ENOENT) {
                    continue;
                }
                check("read /dev/fuse", (int) n);
                request.bind((int) n);
                reply.begin(request.unique(), FuseInit.ANSWER_SIZE);
                if (request.opcode() != FuseOpcode.INIT) {
                    reply.error(Errno.EIO);
                    continue;
                }
                FuseConnection agreed = FuseInit.agree(request, options);
                if (agreed == null) {
                    reply.error(Errno.EPROTO);
                    throw new IOException("the kernel's FUSE protocol is too old");
                }
                FuseInit.write(reply.buffer(), agreed, options);
                reply.sendBuffer(FuseInit.ANSWER_SIZE);
                if (!FuseInit.isNewerMajor(request)) {
                    return agreed;
                }
            }
        } finally {
            reply.close();
        }
        throw new IOException("the kernel sent no INIT within " + HANDSHAKE_SECONDS + " s");
    }

    /** Returns what was agreed with the kernel, to be kept for a successor. */
    public FuseConnection connection() {
        return device.connection();
    }

    /**
     * Returns how many look-ups this process gave the kernel of nodes with an upper byte, less those that came back. It is 0 or less where
     * the kernel knows none of them, as far as this process gave them.
     *
     * @param upperByte the upper 8 bits of the node ids
     */
    public long lookups(int upperByte) {
        return device.lookups().count(upperByte);
    }

    /** Returns the mount, to be kept for a successor. */
    public FuseMount mount() {
        return mount;
    }

    /** Returns the descriptor of {@code /dev/fuse}, for handing duplicates of it on; it stays the session's. */
    public Descriptor device() {
        return device.descriptor();
    }

    /**
     * Starts the loops, platform threads that do not keep the process alive.
     *
     * @throws IllegalStateException if they run, or the session is closed
     */
    public void start() throws ErrnoException {
        Run last = current.get();
        if (closed.get() || last.running.get() > 0) {
            throw new IllegalStateException("closed, or running already");
        }
        stopping = false;
        Run run = last.rest == null ? last : new Run();
        LoopRest rest = new LoopRest(device.descriptor());
        run.rest = rest;
        List<FuseLoop> loops = new ArrayList<>();
        for (int i = 0; i < options.threads(); i++) {
            loops.add(new FuseLoop(this, device, handler, rest));
        }
        current.set(run);
        run.running.set(loops.size());
        for (FuseLoop loop : loops) {
            device.acquire();
            run.threads.add(Thread.ofPlatform()
                    .name("fuse-", run.threads.size())
                    .daemon(true)
                    .unstarted(loop));
        }
        run.threads.forEach(Thread::start);
    }

    /**
     * Puts some requests of our own to the handler before {@link #start}, so that the code which answers has run when clients wait for
     * it. The kernel is told nothing. Takes a moment, on a thread of its own.
     */
    public void rehearse() throws InterruptedException {
        Thread.ofPlatform()
                .name("fuse-rehearsal")
                .daemon(true)
                .start(this::rehearseHere)
                .join();
    }

    private void rehearseHere() {
        try (FuseRehearsal rehearsal = new FuseRehearsal(this, connection(), handler)) {
            rehearsal.run();
        } catch (IOException e) {
            LOGGER.log(System.Logger.Level.DEBUG, "the rehearsal ended early", e);
        }
    }

    boolean isStopping() {
        return stopping;
    }

    void loopEnded(SessionEnd end) {
        device.release();
        Run run = current.get();
        run.first.compareAndSet(null, end);
        if (end == SessionEnd.UNMOUNTED) {
            unmounted = true;
        }
        if (run.running.decrementAndGet() == 0) {
            SessionEnd first = run.first.get();
            run.ended.complete(first == null ? end : first);
        } else if (end == SessionEnd.FAILED) {
            requestStop(run);
        }
    }

    /** Completes, with the reason, when the loops of the last {@link #start} have ended; cancelling it has no effect. */
    public CompletableFuture<SessionEnd> ended() {
        return current.get().ended.copy();
    }

    /** Waits until the loops have ended. */
    public SessionEnd awaitEnd() throws InterruptedException {
        try {
            return current.get().ended.get();
        } catch (ExecutionException e) {
            throw new AssertionError(e); // never completed by an exception
        }
    }

    /**
     * Ends the loops without unmounting: each finishes the request it is at, and what the kernel has queued stays there for a
     * successor, or for {@link #start}. Then waits for requests that were put aside.
     *
     * @param patience longest time to wait
     * @return whether all loops ended and all requests that were put aside got their answers in time
     */
    public boolean stop(Duration patience) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        Run run = current.get();
        requestStop(run);
        for (Thread thread : run.threads) {
            if (!thread.join(Duration.ofNanos(Math.max(1, deadline - System.nanoTime())))) {
                return false;
            }
        }
        if (run.rest != null) {
            run.rest.close();
        }
        return device.awaitNonePending(deadline - System.nanoTime());
    }

    private void requestStop(Run run) {
        stopping = true;
        if (run.rest != null && run.running.get() > 0) {
            run.rest.wakeAll();
        }
    }

    /**
     * Stops and closes this process's descriptor, but leaves the mount to a successor. If nobody has a duplicate of the descriptor,
     * clients get errors from now on.
     *
     * @return as for {@link #stop}
     */
    public boolean leave(Duration patience) throws InterruptedException {
        boolean drained = stop(patience);
        if (closed.compareAndSet(false, true)) {
            device.release();
        }
        return drained;
    }

    /** Unmounts, lazily where the mount is busy, ends the loops and closes the descriptor. Does nothing after {@link #leave}. */
    @Override
    public void close() throws IOException {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        try {
            if (!unmounted) {
                mount.unmount();
            }
        } finally {
            endLoops();
            device.release();
        }
    }

    private void endLoops() {
        Run run = current.get();
        try {
            if (run.running.get() > 0) {
                run.ended.get(UNMOUNT_MILLIS, TimeUnit.MILLISECONDS); // by ENODEV, unless the mount is busy
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (TimeoutException e) {
            LOGGER.log(System.Logger.Level.DEBUG, "the mount is busy");
        } catch (ExecutionException e) {
            throw new AssertionError(e); // never completed by an exception
        }
        try {
            stop(Duration.ofMillis(UNMOUNT_MILLIS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Asks the kernel for all requests again that were read but not answered, such as those of a process that died.
     *
     * @return false if the kernel cannot
     */
    public boolean resend() {
        return connection().has(FuseConnection.HAS_RESEND) && notify(NOTIFY_RESEND, new byte[0]) >= 0;
    }

    /**
     * Makes the kernel forget a name, so that it is looked up anew. Not to be called by a handler: the kernel waits for its own locks.
     *
     * @param parent node id of the directory
     * @param name   the name, at most 1024 bytes
     * @return false if the kernel did not have it
     */
    public boolean invalidateEntry(long parent, byte[] name) throws ErrnoException {
        if (name.length > NAME_MAX) {
            throw new IllegalArgumentException("name of " + name.length + " bytes");
        }
        byte[] body = new byte[16 + name.length + 1];
        MemorySegment view = MemorySegment.ofArray(body);
        view.set(JAVA_LONG.withByteAlignment(1), 0, parent);
        view.set(JAVA_INT.withByteAlignment(1), 8, name.length);
        System.arraycopy(name, 0, body, 16, name.length);
        return found("invalidate an entry", notify(NOTIFY_INVALIDATE_ENTRY, body));
    }

    /**
     * Makes the kernel forget a node's attributes, and its data or listing from {@code offset} on. Not to be called by a handler.
     *
     * @param length in bytes; 0 or less means up to the end
     * @return false if the kernel did not have it
     */
    public boolean invalidateNode(long nodeId, long offset, long length) throws ErrnoException {
        byte[] body = new byte[24];
        MemorySegment view = MemorySegment.ofArray(body);
        view.set(JAVA_LONG.withByteAlignment(1), 0, nodeId);
        view.set(JAVA_LONG.withByteAlignment(1), 8, offset);
        view.set(JAVA_LONG.withByteAlignment(1), 16, length);
        return found("invalidate a node", notify(NOTIFY_INVALIDATE_INODE, body));
    }

    private static boolean found(String what, long result) throws ErrnoException {
        if (result == -Errno.ENOENT || result == -Errno.EBADF) {
            return false;
        }
        check(what, (int) Math.max(result, Integer.MIN_VALUE));
        return true;
    }

    /** Writes a notification: a header without unique and with the code in place of the error, then the body. */
    private long notify(int code, byte[] body) {
        if (!device.acquire()) {
            return -Errno.EBADF;
        }
        try (Scratch scratch = Scratch.take()) {
            long message = scratch.struct();
            Libc.MEMORY.set(JAVA_INT, message, NOTIFY_HEADER + body.length);
            Libc.MEMORY.set(JAVA_INT, message + 4, code);
            Libc.MEMORY.set(JAVA_LONG, message + 8, 0);
            MemorySegment.copy(body, 0, Libc.MEMORY, JAVA_BYTE, message + NOTIFY_HEADER, body.length);
            return Unistd.write(scratch, device.descriptor().number(), message, NOTIFY_HEADER + body.length);
        } finally {
            device.release();
        }
    }

    private static int check(String call, int result) throws ErrnoException {
        if (result < 0) {
            throw new ErrnoException(call, -result);
        }
        return result;
    }
}
