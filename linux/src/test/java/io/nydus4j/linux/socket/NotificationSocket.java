package io.nydus4j.linux.socket;

import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.libc.Scratch;
import io.nydus4j.linux.libc.SysSocket;

/** The socket at which a service manager hears of its services: messages with descriptors, of which each is one datagram. */
public final class NotificationSocket {
    private static final int AF_UNIX = 1;
    private static final int SOCK_DGRAM = 2;
    private static final int SOCK_CLOEXEC = 02000000;

    private NotificationSocket() {}

    /** Makes one at a path; {@link UnixSocket#receive} takes a message. */
    public static UnixSocket bind(byte[] path) throws ErrnoException {
        try (Scratch scratch = Scratch.take();
                SocketAddress address = SocketAddress.of("bind", path)) {
            Descriptor socket = Descriptor.adopt(
                    UnixSocket.check("socket", SysSocket.socket(scratch, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)));
            int length = address.write(scratch.struct());
            UnixSocket.check("bind", SysSocket.bind(scratch, socket.number(), scratch.struct(), length));
            return UnixSocket.adopt(socket);
        }
    }
}
