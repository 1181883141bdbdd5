package io.nydus4j.linux.libc;

import java.lang.invoke.MethodHandle;

/** The functions of {@code sys/socket.h} that are in use. */
public final class SysSocket {
    private static final MethodHandle SOCKETPAIR = Libc.link("socketpair", 4);
    private static final MethodHandle SOCKET = Libc.link("socket", 3);
    private static final MethodHandle SENDMSG = Libc.link("sendmsg", 3);
    private static final MethodHandle RECVMSG = Libc.link("recvmsg", 3);

    private SysSocket() {}

    /** Calls {@code socketpair}; returns its result or the negated error number. */
    public static int socketpair(Scratch scratch, int domain, int type, int protocol, long descriptors) {
        return scratch.intResult(Libc.raw(SOCKETPAIR, scratch, domain, type, protocol, descriptors));
    }

    /** Calls {@code socket}; returns its result or the negated error number. */
    public static int socket(Scratch scratch, int domain, int type, int protocol) {
        return scratch.intResult(Libc.raw(SOCKET, scratch, domain, type, protocol));
    }

    /** Calls {@code sendmsg}; returns its result or the negated error number. */
    public static long sendmsg(Scratch scratch, int descriptor, long message, int flags) {
        return scratch.longResult(Libc.raw(SENDMSG, scratch, descriptor, message, flags));
    }

    /** Calls {@code recvmsg}; returns its result or the negated error number. */
    public static long recvmsg(Scratch scratch, int descriptor, long message, int flags) {
        return scratch.longResult(Libc.raw(RECVMSG, scratch, descriptor, message, flags));
    }
}
