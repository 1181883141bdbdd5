package io.nydus4j.linux.fuse;

import io.nydus4j.linux.Errno;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * A request that a loop has put aside, to be answered by another thread.
 *
 * <p>It may be completed by any thread, once; later calls do nothing. It must be completed, or the client waits for good. Nothing
 * happens if the mount or this process's part in it has ended meanwhile.
 */
public final class PendingReply {
    private final FuseDevice device;
    private final long unique;
    private final int limit;
    private final AtomicBoolean completed = new AtomicBoolean();

    PendingReply(FuseDevice device, long unique, int limit) {
        this.device = device;
        this.unique = unique;
        this.limit = limit;
        device.pendingStarted();
    }

    /**
     * Answers by whatever {@code answer} calls on a reply, which has a buffer of its own for the time. An answer that is left open,
     * or an exception, becomes {@code EIO}.
     *
     * @param answer calls one ending method of the reply and keeps nothing of it; it must not wait for the network, since the
     *     buffers of all pending replies are bounded
     */
    public void complete(Consumer<FuseReply> answer) {
        if (!completed.compareAndSet(false, true)) {
            return;
        }
        try {
            if (device.acquire()) {
                try {
                    answer(answer);
                } finally {
                    device.release();
                }
            }
        } finally {
            device.pendingEnded();
        }
    }

    private void answer(Consumer<FuseReply> answer) {
        FuseReply reply = device.takeReply();
        try {
            reply.begin(unique, limit);
            try {
                answer.accept(reply);
            } finally {
                if (reply.isOpen()) {
                    reply.error(Errno.EIO);
                }
            }
        } finally {
            device.giveBack(reply);
        }
    }

    /** Answers by bytes of native memory that stays valid until this returns. */
    public void data(MemorySegment source, long offset, long length) {
        complete(reply -> reply.data(source, offset, length));
    }

    /** Answers by an error, a positive number of {@link Errno}. */
    public void error(int errno) {
        complete(reply -> reply.error(errno));
    }
}
