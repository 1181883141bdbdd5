package io.nydus4j.linux.libc;

import java.lang.invoke.MethodHandle;

/** The functions of {@code sys/socket.h} that are in use. */
public final class SysSocket {
    private static final MethodHandle SOCKET = Libc.link("socket");
    private static final MethodHandle SOCKETPAIR = Libc.link("socketpair");
    private static final MethodHandle BIND = Libc.link("bind");
    private static final MethodHandle LISTEN = Libc.link("listen");
    private static final MethodHandle ACCEPT4 = Libc.link("accept4");
    private static final MethodHandle CONNECT = Libc.link("connect");
    private static final MethodHandle SENDMSG = Libc.link("sendmsg");
    private static final MethodHandle RECVMSG = Libc.link("recvmsg");

    private SysSocket() {}

    /** Calls {@code socket}; returns its result or the negated error number. */
    public static int socket(Scratch scratch, int domain, int type, int protocol) {
        return scratch.intResult(Libc.raw(SOCKET, scratch, domain, type, protocol));
    }

    /** Calls {@code socketpair}; returns its result or the negated error number. */
    public static int socketpair(Scratch scratch, int domain, int type, int protocol, long descriptors) {
        return scratch.intResult(Libc.raw(SOCKETPAIR, scratch, domain, type, protocol, descriptors));
    }

    /** Calls {@code bind}; returns its result or the negated error number. */
    public static int bind(Scratch scratch, int descriptor, long address, int length) {
        return scratch.intResult(Libc.raw(BIND, scratch, descriptor, address, length));
    }

    /** Calls {@code listen}; returns its result or the negated error number. */
    public static int listen(Scratch scratch, int descriptor, int backlog) {
        return scratch.intResult(Libc.raw(LISTEN, scratch, descriptor, backlog));
    }

    /** Calls {@code accept4}; returns its result or the negated error number. */
    public static int accept4(Scratch scratch, int descriptor, long address, long length, int flags) {
        return scratch.intResult(Libc.raw(ACCEPT4, scratch, descriptor, address, length, flags));
    }

    /** Calls {@code connect}; returns its result or the negated error number. */
    public static int connect(Scratch scratch, int descriptor, long address, int length) {
        return scratch.intResult(Libc.raw(CONNECT, scratch, descriptor, address, length));
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
