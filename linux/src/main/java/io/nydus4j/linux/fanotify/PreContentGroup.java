package io.nydus4j.linux.fanotify;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.DeviceNumbers;
import io.nydus4j.linux.libc.Scratch;
import io.nydus4j.linux.libc.SysFanotify;
import io.nydus4j.linux.libc.Unistd;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * A fanotify group that is asked before marked files are read. Needs {@code CAP_SYS_ADMIN} and a kernel that holds readers back before
 * they touch a range (Linux 6.14).
 *
 * <p>As long as one descriptor of the group is open in any process, a reader that needs an answer waits for it. When the last one is
 * closed the kernel lets all readers pass, unasked: whoever has files with holes keeps a duplicate elsewhere.
 *
 * <p>Whether opening a file makes it take part is decided when it is opened: descriptors opened before the mark neither wait nor ask.
 * Safe for use by several threads.
 */
public final class PreContentGroup implements AutoCloseable {
    /** A range is about to be read or written, or a page of it to be mapped. */
    public static final long PRE_ACCESS = 0x0010_0000;
    /** A file is about to be opened. */
    public static final long OPEN = 0x1_0000;
    /** A range has been read. */
    public static final long ACCESS = 0x1;
    /** Events were lost: some readers may have passed unasked. */
    public static final long OVERFLOW = 0x4000;

    private static final int FAN_CLOEXEC = 1;
    private static final int FAN_NONBLOCK = 2;
    private static final int FAN_CLASS_PRE_CONTENT = 8;
    private static final int FAN_UNLIMITED_QUEUE = 0x10;
    private static final int FAN_UNLIMITED_MARKS = 0x20;
    private static final int FAN_REPORT_TID = 0x100;
    private static final int FAN_MARK_ADD = 1;
    private static final int FAN_MARK_REMOVE = 2;
    private static final int FAN_MARK_FILESYSTEM = 0x100;
    private static final long FAN_EVENT_ON_CHILD = 0x0800_0000;
    /** Never happens on a file system that cannot be written. */
    private static final long FAN_CLOSE_WRITE = 8;

    private static final int FAN_ALLOW = 1;
    private static final int FAN_DENY = 2;
    private static final int DENY_ERRNO_SHIFT = 24;
    private static final int O_RDONLY_LARGEFILE = 0x8000;
    private static final int RESPONSE_SIZE = 8;

    private final Descriptor descriptor;
    /** Whether there may be events without a range, of which a read with room for one with a range would take two. */
    private volatile boolean hasShortEvents;

    private PreContentGroup(Descriptor descriptor, boolean hasShortEvents) {
        this.descriptor = descriptor;
        this.hasShortEvents = hasShortEvents;
    }

    /**
     * Makes a group.
     *
     * @throws ErrnoException {@code EPERM} without the right, {@code EINVAL} or {@code ENOSYS} if the kernel cannot
     */
    public static PreContentGroup open() throws ErrnoException {
        int flags = FAN_CLASS_PRE_CONTENT
                | FAN_CLOEXEC
                | FAN_NONBLOCK
                | FAN_UNLIMITED_QUEUE
                | FAN_UNLIMITED_MARKS
                | FAN_REPORT_TID;
        try (Scratch scratch = Scratch.take()) {
            int number = check("fanotify_init", SysFanotify.fanotifyInit(scratch, flags, O_RDONLY_LARGEFILE));
            return new PreContentGroup(Descriptor.adopt(number), false);
        }
    }

    /** Takes over a group that another process made. */
    public static PreContentGroup adopt(Descriptor group) {
        return new PreContentGroup(group, true);
    }

    /** Returns the group's descriptor, which stays its own: it polls as readable when there are events. */
    public Descriptor descriptor() {
        return descriptor;
    }

    /**
     * Asks from now on before what is opened later reads a file.
     *
     * @param file an open descriptor of it
     * @param mask bits of {@link #PRE_ACCESS} and {@link #ACCESS}
     * @throws ErrnoException {@code EOPNOTSUPP} or {@code EINVAL} if the kernel or the file system cannot
     */
    public void mark(Descriptor file, long mask) throws ErrnoException {
        hasShortEvents |= (mask & ACCESS) != 0;
        change("fanotify_mark", FAN_MARK_ADD, file, mask);
    }

    /**
     * Asks from now on before a file is opened by a name in a directory, whoever opens it: an overlay does for its readers. Who opens it by
     * another name of it, in another directory, is not asked about. What is moved elsewhere is no longer asked about.
     *
     * <p>An overlay asks of a file below it by {@link #PRE_ACCESS} only when it is read: neither when it is mapped into memory nor when
     * somebody looks for its holes. So who fills files that an overlay shows must do so before they are opened.
     *
     * @param directory an open descriptor of it
     */
    public void markOpensIn(Descriptor directory) throws ErrnoException {
        hasShortEvents = true;
        change("fanotify_mark", FAN_MARK_ADD, directory, OPEN | FAN_EVENT_ON_CHILD);
    }

    /** Asks no more; readers of the file pass from now on, those who wait still need their answer. */
    public void unmark(Descriptor file, long mask) throws ErrnoException {
        change("fanotify_mark", FAN_MARK_REMOVE, file, mask);
    }

    /**
     * Notes a file system that cannot be written, to be able to tell later whether it is {@link #isInUse in use}. Nothing else comes of
     * it, and it does not keep the file system.
     *
     * @param directory an open descriptor of one of its directories
     */
    public void note(Descriptor directory) throws ErrnoException {
        change("fanotify_mark", FAN_MARK_ADD | FAN_MARK_FILESYSTEM, directory, FAN_CLOSE_WRITE);
    }

    /**
     * Tells whether a file system that was {@link #note noted}, by whatever process had the group, is in use: mounted in some mount
     * namespace, or taken out of sight while a file of it is open.
     *
     * @param device number of its device, as {@link DeviceNumbers} packs it
     */
    public boolean isInUse(long device) throws IOException {
        return SuperblockMarks.of(descriptor).contains(device);
    }

    private void change(String call, int flags, Descriptor file, long mask) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            check(call, SysFanotify.fanotifyMark(scratch, descriptor.number(), flags, mask, file.number(), 0));
        }
    }

    /**
     * Reads one event, without waiting. The kernel writes it straight into the memory, so that what lies in a mapped file survives the
     * process.
     *
     * @param memory native memory of {@link PreContentEvent#SIZE} bytes
     * @return false if there is none
     * @throws ErrnoException {@code EMFILE} if there was no number for the file's descriptor: then the reader has been refused
     */
    public boolean read(MemorySegment memory) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            long n = -Errno.EINVAL;
            if (hasShortEvents) {
                n = read(scratch, memory, PreContentEvent.SHORT_SIZE);
            }
            if (n == -Errno.EINVAL) { // the next one does not fit, and is still there
                n = read(scratch, memory, PreContentEvent.SIZE);
            }
            if (n == -Errno.EAGAIN) {
                return false;
            }
            if (n < 0) {
                throw new ErrnoException("read of fanotify events", (int) -n);
            }
            return n > 0;
        }
    }

    private long read(Scratch scratch, MemorySegment memory, int size) {
        long n;
        do {
            n = Unistd.read(scratch, descriptor.number(), memory.address(), size);
        } while (n == -Errno.EINTR);
        return n;
    }

    /**
     * Lets a reader pass.
     *
     * @param event number of the event's descriptor, in the process that read it
     * @throws ErrnoException {@code ENOENT} if nobody waits for this answer
     */
    public void allow(int event) throws ErrnoException {
        answer(event, FAN_ALLOW);
    }

    /**
     * Makes a reader fail.
     *
     * @param event number of the event's descriptor, in the process that read it
     * @param errno what it fails with, such as {@link Errno#EIO}
     * @throws ErrnoException {@code ENOENT} if nobody waits for this answer
     */
    public void deny(int event, int errno) throws ErrnoException {
        answer(event, FAN_DENY | errno << DENY_ERRNO_SHIFT);
    }

    private void answer(int event, int response) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            scratch.memory().set(JAVA_INT, scratch.structOffset(), event);
            scratch.memory().set(JAVA_INT, scratch.structOffset() + Integer.BYTES, response);
            long n;
            do {
                n = Unistd.write(scratch, descriptor.number(), scratch.struct(), RESPONSE_SIZE);
            } while (n == -Errno.EINTR);
            if (n < 0) {
                throw new ErrnoException("answer to a fanotify event", (int) -n);
            }
        }
    }

    private static int check(String call, int result) throws ErrnoException {
        if (result < 0) {
            throw new ErrnoException(call, -result);
        }
        return result;
    }

    /** Closes the group's descriptor; if it is the last one, all who wait pass. */
    @Override
    public void close() throws ErrnoException {
        descriptor.close();
    }
}
