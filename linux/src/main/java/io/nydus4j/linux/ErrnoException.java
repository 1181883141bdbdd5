package io.nydus4j.linux;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Says that the kernel refused a system call. */
public final class ErrnoException extends IOException {
    private static final long serialVersionUID = 1L;

    private final String call;
    private final int errno;

    @SuppressWarnings("serial") // a byte array is serializable; the annotation hides that from the check
    private final byte @Nullable [] path;

    /**
     * Describes a refusal that has to do with no path.
     *
     * @param call  the system call, such as {@code "memfd_create"}
     * @param errno the error number, one of {@link Errno}
     */
    public ErrnoException(String call, int errno) {
        this(call, null, errno);
    }

    /**
     * Describes a refusal.
     *
     * @param call  the system call, such as {@code "openat"}
     * @param path  the path or name it was about, as raw bytes, or null; copied
     * @param errno the error number, one of {@link Errno}
     */
    public ErrnoException(String call, byte @Nullable [] path, int errno) {
        super(describe(call, path, errno));
        this.call = call;
        this.path = path == null ? null : path.clone();
        this.errno = errno;
    }

    /** Returns the name of the system call. */
    public String call() {
        return call;
    }

    /** Returns the error number, one of {@link Errno}. */
    public int errno() {
        return errno;
    }

    /** Returns a copy of the path or name the call was about, as raw bytes, or null if it was about none. */
    public byte @Nullable [] path() {
        return path == null ? null : path.clone();
    }

    /** Returns the name of the error number, such as {@code "ENOENT"}. */
    public String name() {
        return Errno.name(errno);
    }

    private static String describe(String call, byte @Nullable [] path, int errno) {
        String where = path == null ? call : call + " " + RawBytes.printable(path);
        return where + ": " + Errno.message(errno) + " (" + Errno.name(errno) + ")";
    }
}
