package io.nydus4j.linux.socket;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.RawBytes;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.libc.Libc;
import io.nydus4j.linux.libc.Scratch;
import io.nydus4j.linux.libc.SysSocket;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Tells a service manager such as systemd how the service is, and gives it descriptors to keep ({@code sd_notify}). */
public final class ServiceNotification {
    private static final int AF_UNIX = 1;
    private static final int SOCK_DGRAM = 2;
    private static final int SOCK_CLOEXEC = 02000000;

    private ServiceNotification() {}

    /**
     * Sends a message to the socket that {@code NOTIFY_SOCKET} names.
     *
     * @param state lines such as {@code "READY=1"}, or {@code "FDSTORE=1\nFDNAME=mount"}
     * @param descriptors to keep; they stay the caller's
     * @return false if no service manager is waiting
     */
    public static boolean send(String state, List<Descriptor> descriptors) throws ErrnoException {
        String socket = System.getenv("NOTIFY_SOCKET");
        if (socket == null || socket.isEmpty()) {
            return false;
        }
        send(RawBytes.bytes(socket), state, descriptors);
        return true;
    }

    /** Sends a message to a socket; an {@code '@'} at the start of its path means an abstract name. */
    static void send(byte[] socket, String state, List<Descriptor> descriptors) throws ErrnoException {
        byte[] path = socket.clone();
        if (path.length > 0 && path[0] == '@') {
            path[0] = 0;
        }
        byte[] bytes = RawBytes.bytes(state);
        if (bytes.length > Scratch.DATA_SIZE) {
            throw new IllegalArgumentException("state of " + bytes.length + " bytes");
        }
        try (Scratch scratch = Scratch.take();
                SocketAddress address = SocketAddress.of("sendmsg", path);
                Descriptor sender = Descriptor.adopt(
                        UnixSocket.check("socket", SysSocket.socket(scratch, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)))) {
            MemorySegment.copy(bytes, 0, scratch.memory(), JAVA_BYTE, scratch.dataOffset(), bytes.length);
            UnixSocket.MessageHeader.write(scratch, bytes.length, descriptors);
            long place = scratch.struct() + UnixSocket.MessageHeader.ADDRESS;
            int length = address.write(place);
            Libc.MEMORY.set(JAVA_LONG, scratch.struct(), place);
            Libc.MEMORY.set(JAVA_INT, scratch.struct() + 8, length);
            long n = SysSocket.sendmsg(scratch, sender.number(), scratch.struct(), UnixSocket.MessageHeader.NO_SIGNAL);
            UnixSocket.check("sendmsg", (int) n);
        }
    }
}
