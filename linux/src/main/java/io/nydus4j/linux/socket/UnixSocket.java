package io.nydus4j.linux.socket;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.libc.Libc;
import io.nydus4j.linux.libc.Scratch;
import io.nydus4j.linux.libc.SysSocket;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A Unix stream socket that carries descriptors beside bytes, which the channels of {@code java.nio} cannot.
 *
 * <p>Calls wait in the kernel and hold on to the platform thread; {@link #awaitInput} bounds the wait for a message or a client. One
 * thread at a time sends, one receives.
 */
public final class UnixSocket implements AutoCloseable {
    /** Most descriptors that one message carries. */
    public static final int MAX_DESCRIPTORS = 253;

    private static final int AF_UNIX = 1;
    private static final int SOCK_STREAM = 1;
    private static final int SOCK_CLOEXEC = 02000000;

    private final Descriptor descriptor;

    private UnixSocket(Descriptor descriptor) {
        this.descriptor = descriptor;
    }

    /**
     * What one {@link #receive} got.
     *
     * @param bytes the bytes; none at the end of the stream
     * @param descriptors new descriptors, for the receiver to close
     */
    @SuppressWarnings("ArrayRecordComponent") // handed over, not compared
    public record Message(byte[] bytes, List<Descriptor> descriptors) {}

    /**
     * Connects to a socket in the file system.
     *
     * @param path raw bytes, of any length a path may have
     */
    public static UnixSocket connect(byte[] path) throws ErrnoException {
        return at("connect", path, SysSocket::connect);
    }

    /**
     * Makes a socket in the file system and listens on it.
     *
     * @param path    raw bytes, at which there must be nothing yet; the caller removes it in the end
     * @param backlog most clients that wait for {@link #accept}
     */
    public static UnixSocket listen(byte[] path, int backlog) throws ErrnoException {
        UnixSocket socket = at("bind", path, SysSocket::bind);
        try (Scratch scratch = Scratch.take()) {
            check("listen", SysSocket.listen(scratch, socket.descriptor.number(), backlog));
            return socket;
        } catch (ErrnoException e) {
            socket.close();
            throw e;
        }
    }

    private interface AddressCall {
        int call(Scratch scratch, int descriptor, long address, int length);
    }

    private static UnixSocket at(String call, byte[] path, AddressCall function) throws ErrnoException {
        try (Scratch scratch = Scratch.take();
                SocketAddress address = SocketAddress.of(call, path)) {
            int number = check("socket", SysSocket.socket(scratch, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
            UnixSocket socket = new UnixSocket(Descriptor.adopt(number));
            int length = address.write(scratch.struct());
            int result = function.call(scratch, number, scratch.struct(), length);
            if (result < 0) {
                socket.close();
                throw new ErrnoException(call, path, -result);
            }
            return socket;
        }
    }

    /** Makes two sockets that are connected to each other. */
    public static List<UnixSocket> pair() throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            check(
                    "socketpair",
                    SysSocket.socketpair(scratch, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, scratch.struct()));
            return List.of(
                    adopt(Descriptor.adopt(Libc.MEMORY.get(JAVA_INT, scratch.struct()))),
                    adopt(Descriptor.adopt(Libc.MEMORY.get(JAVA_INT, scratch.struct() + Integer.BYTES))));
        }
    }

    /** Takes over a connected or listening socket that this process was given. */
    public static UnixSocket adopt(Descriptor descriptor) {
        return new UnixSocket(descriptor);
    }

    /** Waits for a client of a socket that listens. */
    public UnixSocket accept() throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            int number;
            do {
                number = SysSocket.accept4(scratch, descriptor.number(), 0, 0, SOCK_CLOEXEC);
            } while (number == -Errno.EINTR);
            return adopt(Descriptor.adopt(check("accept4", number)));
        }
    }

    /** Returns the descriptor; it stays the socket's. */
    public Descriptor descriptor() {
        return descriptor;
    }

    /** Waits until {@link #receive} or {@link #accept} would return at once; false if that takes longer than {@code patience}. */
    public boolean awaitInput(Duration patience) throws ErrnoException {
        return Readiness.awaitInput(descriptor, patience);
    }

    /**
     * Sends bytes, and duplicates of descriptors with the first of them.
     *
     * @param bytes at least one if there are descriptors
     * @param descriptors at most {@link #MAX_DESCRIPTORS}; they stay the caller's
     */
    public void send(byte[] bytes, List<Descriptor> descriptors) throws ErrnoException {
        if (bytes.length == 0 && !descriptors.isEmpty()) {
            throw new IllegalArgumentException("descriptors travel with at least one byte");
        }
        int done = 0;
        while (done < bytes.length) {
            try (Scratch scratch = Scratch.take()) {
                int part = Math.min(bytes.length - done, Scratch.DATA_SIZE);
                MemorySegment.copy(bytes, done, scratch.memory(), JAVA_BYTE, scratch.dataOffset(), part);
                MessageHeader.write(scratch, part, done == 0 ? descriptors : List.of());
                long n = SysSocket.sendmsg(scratch, descriptor.number(), scratch.struct(), MessageHeader.NO_SIGNAL);
                if (n != -Errno.EINTR) {
                    done += check("sendmsg", (int) n);
                }
            }
        }
    }

    /**
     * Receives what has come, waiting if nothing has.
     *
     * @param maxBytes most bytes to take, 1 to 65536
     * @throws ErrnoException also {@code EOVERFLOW} if descriptors got lost because the process has too many
     */
    public Message receive(int maxBytes) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            long n;
            do {
                MessageHeader.prepare(scratch, Math.min(maxBytes, Scratch.DATA_SIZE));
                n = SysSocket.recvmsg(scratch, descriptor.number(), scratch.struct(), MessageHeader.CLOSE_ON_EXEC);
            } while (n == -Errno.EINTR);
            byte[] bytes = new byte[check("recvmsg", (int) n)];
            MemorySegment.copy(scratch.memory(), JAVA_BYTE, scratch.dataOffset(), bytes, 0, bytes.length);
            List<Descriptor> descriptors = MessageHeader.descriptors(scratch);
            if (MessageHeader.isTruncated(scratch)) {
                for (Descriptor got : descriptors) {
                    got.close();
                }
                throw new ErrnoException("recvmsg", Errno.EOVERFLOW);
            }
            return new Message(bytes, descriptors);
        }
    }

    @Override
    public void close() throws ErrnoException {
        descriptor.close();
    }

    static int check(String call, int result) throws ErrnoException {
        if (result < 0) {
            throw new ErrnoException(call, -result);
        }
        return result;
    }

    /**
     * A {@code msghdr} in the structure area, with one vector for the data area and room for descriptors.
     *
     * <pre>
     *   off size name                        control message
     *     0    8 address, or 0                 0    8 length, this header included
     *     8    4 its length                    8    4 level: 1, SOL_SOCKET
     *    16    8 vectors                      12    4 type: 1, SCM_RIGHTS
     *    24    8 their number                 16      descriptors, 4 bytes each
     *    32    8 control messages
     *    40    8 their length, in bytes
     *    48    4 flags, set on receipt
     * </pre>
     */
    static final class MessageHeader {
        static final int NO_SIGNAL = 0x4000;
        static final int CLOSE_ON_EXEC = 0x40000000;

        private static final int TRUNCATED_CONTROL = 8;
        private static final int VECTOR = 64;
        private static final int CONTROL = 128;
        private static final int CONTROL_HEADER = 16;
        /** Where an address may be put in the structure area, 110 bytes. */
        static final int ADDRESS = 2048;

        private MessageHeader() {}

        static void write(Scratch scratch, int dataLength, List<Descriptor> descriptors) {
            if (descriptors.size() > MAX_DESCRIPTORS) {
                throw new IllegalArgumentException(descriptors.size() + " descriptors");
            }
            prepare(scratch, dataLength);
            long base = scratch.struct();
            int length = CONTROL_HEADER + Integer.BYTES * descriptors.size();
            Libc.MEMORY.set(JAVA_LONG, base + CONTROL, length);
            Libc.MEMORY.set(JAVA_INT, base + CONTROL + 8, 1);
            Libc.MEMORY.set(JAVA_INT, base + CONTROL + 12, 1);
            for (int i = 0; i < descriptors.size(); i++) {
                Libc.MEMORY.set(
                        JAVA_INT,
                        base + CONTROL + CONTROL_HEADER + 4L * i,
                        descriptors.get(i).number());
            }
            Libc.MEMORY.set(JAVA_LONG, base + 40, descriptors.isEmpty() ? 0 : length + 7 & ~7);
        }

        static void prepare(Scratch scratch, int dataLength) {
            long base = scratch.struct();
            scratch.memory().asSlice(scratch.structOffset(), 56).fill((byte) 0);
            Libc.MEMORY.set(JAVA_LONG, base + VECTOR, scratch.data());
            Libc.MEMORY.set(JAVA_LONG, base + VECTOR + 8, dataLength);
            Libc.MEMORY.set(JAVA_LONG, base + 16, base + VECTOR);
            Libc.MEMORY.set(JAVA_LONG, base + 24, 1);
            Libc.MEMORY.set(JAVA_LONG, base + 32, base + CONTROL);
            Libc.MEMORY.set(JAVA_LONG, base + 40, CONTROL_HEADER + 4L * (MAX_DESCRIPTORS + 1));
        }

        static boolean isTruncated(Scratch scratch) {
            return (Libc.MEMORY.get(JAVA_INT, scratch.struct() + 48) & TRUNCATED_CONTROL) != 0;
        }

        static List<Descriptor> descriptors(Scratch scratch) {
            List<Descriptor> descriptors = new ArrayList<>();
            long at = scratch.struct() + CONTROL;
            long end = at + Libc.MEMORY.get(JAVA_LONG, scratch.struct() + 40);
            while (at + CONTROL_HEADER <= end) {
                long length = Libc.MEMORY.get(JAVA_LONG, at);
                if (length < CONTROL_HEADER) {
                    break;
                }
                boolean rights = Libc.MEMORY.get(JAVA_INT, at + 8) == 1 && Libc.MEMORY.get(JAVA_INT, at + 12) == 1;
                for (long i = CONTROL_HEADER; rights && i + Integer.BYTES <= length; i += Integer.BYTES) {
                    descriptors.add(Descriptor.adopt(Libc.MEMORY.get(JAVA_INT, at + i)));
                }
                at += length + 7 & ~7L;
            }
            return descriptors;
        }
    }
}
