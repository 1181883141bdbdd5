package io.nydus4j.linux.file;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.RawBytes;
import io.nydus4j.linux.libc.Fcntl;
import io.nydus4j.linux.libc.Scratch;
import io.nydus4j.linux.libc.SysFile;
import io.nydus4j.linux.libc.SysMman;
import io.nydus4j.linux.libc.SysStat;
import io.nydus4j.linux.libc.SysVfs;
import io.nydus4j.linux.libc.Unistd;
import java.io.EOFException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/**
 * An open file descriptor and what can be done with it alone.
 *
 * <p>Its number may be used by any thread, but whoever closes it must know that nobody still uses it: the kernel gives the number
 * to the next file. Calls on a closed descriptor throw {@code EBADF}. Calls that wait for a disk hold on to the platform thread
 * that carries a virtual one.
 */
public final class Descriptor implements AutoCloseable {
    /** Stands for the process's working directory, as the directory of the calls that take one; closing it does nothing. */
    public static final Descriptor WORKING_DIRECTORY = new Descriptor(-100);

    private static final int CLOSED = -1;
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int F_DUPFD_CLOEXEC = 1030;
    private static final int SEEK_SET = 0;
    private static final int SEEK_CUR = 1;
    private static final int SEEK_DATA = 3;
    private static final int SEEK_HOLE = 4;
    private static final int FALLOC_KEEP_SIZE = 1;
    private static final int FALLOC_PUNCH_HOLE = 2;
    private static final int MFD_CLOEXEC = 1;
    private static final byte[] EMPTY = {};
    private static final VarHandle NUMBER;

    static {
        try {
            NUMBER = MethodHandles.lookup().findVarHandle(Descriptor.class, "number", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private volatile int number;

    private Descriptor(int number) {
        this.number = number;
    }

    /**
     * Takes over an open descriptor, to be closed by {@link #close}.
     *
     * @param number its number, at least 0
     */
    public static Descriptor adopt(int number) {
        if (number < 0) {
            throw new IllegalArgumentException("not a descriptor: " + number);
        }
        return new Descriptor(number);
    }

    /**
     * Makes a file that has no name and lives in memory.
     *
     * @param name what {@code /proc} shows for it, at most 249 bytes
     */
    public static Descriptor inMemory(String name) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            long path = scratch.path("memfd_create", RawBytes.bytes(name));
            return adopt(check("memfd_create", SysMman.memfdCreate(scratch, path, MFD_CLOEXEC)));
        }
    }

    /** Returns the number, or -1 once closed; it stays owned by this object. */
    public int number() {
        return number;
    }

    /** Tells whether it has not been closed. */
    public boolean isOpen() {
        return number != CLOSED;
    }

    /** Gives up ownership: returns the number and leaves this object closed without closing the number. */
    public int release() {
        return number < CLOSED ? number : (int) NUMBER.getAndSet(this, CLOSED);
    }

    /** Opens a second number for the same open file. */
    public Descriptor duplicate() throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            return adopt(check("dup", Fcntl.fcntl(scratch, number, F_DUPFD_CLOEXEC, 0)));
        }
    }

    /**
     * Opens another number for the same open file, a chosen one.
     *
     * @param chosen the number, at least 0
     * @return empty if that number is in use
     */
    public Optional<Descriptor> duplicateAt(int chosen) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            Descriptor duplicate = adopt(check("dup", Fcntl.fcntl(scratch, number, F_DUPFD_CLOEXEC, chosen)));
            if (duplicate.number == chosen) {
                return Optional.of(duplicate);
            }
            duplicate.close();
            return Optional.empty();
        }
    }

    /**
     * Returns a path under {@code /proc/self} by which {@code java.nio} can open the same file anew, in ASCII whatever its name is.
     * It works while this descriptor is open.
     */
    public Path procPath() {
        return Path.of(procText());
    }

    private String procText() {
        return "/proc/self/fd/" + number;
    }

    /** Returns the bytes of {@link #procPath}. */
    byte[] procName() {
        return procText().getBytes(StandardCharsets.US_ASCII);
    }

    /**
     * Opens the same file anew, which may have been opened by {@link OpenFlags#PATH}; needs {@code /proc}.
     *
     * @param flags bits of {@link OpenFlags}
     */
    public Descriptor reopen(int flags) throws ErrnoException {
        return PosixFiles.open(WORKING_DIRECTORY, procName(), flags, 0);
    }

    /** Returns the absolute path of the open file, as raw bytes; of a file without a name, text that says so. */
    public byte[] path() throws ErrnoException {
        return PosixFiles.readLink(WORKING_DIRECTORY, procName());
    }

    /**
     * Closes the number; does nothing the second time.
     *
     * @throws ErrnoException if the file system reports only now that earlier writes failed
     */
    @Override
    public void close() throws ErrnoException {
        int closing = release();
        if (closing < 0) {
            return;
        }
        try (Scratch scratch = Scratch.take()) {
            int result = Unistd.close(scratch, closing);
            if (result != -Errno.EINTR) { // the number is free even then
                check("close", result);
            }
        }
    }

    /**
     * Reads at the file's position, and moves it.
     *
     * @return the number of bytes, at least 1, or -1 at the end of the file
     */
    public int read(byte[] target, int offset, int length) throws ErrnoException {
        return transferIn("read", target, offset, length, -1);
    }

    /**
     * Reads at a position.
     *
     * @param position where to start, in bytes, at least 0
     * @return the number of bytes, at least 1, or -1 at or past the end of the file
     */
    public int readAt(long position, byte[] target, int offset, int length) throws ErrnoException {
        checkPosition(position);
        return transferIn("pread", target, offset, length, position);
    }

    private int transferIn(String call, byte[] target, int offset, int length, long position) throws ErrnoException {
        Objects.checkFromIndexSize(offset, length, target.length);
        if (length == 0) {
            return 0;
        }
        try (Scratch scratch = Scratch.take()) {
            int done = 0;
            while (done < length) {
                int part = Math.min(length - done, Scratch.DATA_SIZE);
                long n;
                do {
                    n = position < 0
                            ? Unistd.read(scratch, number, scratch.data(), part)
                            : Unistd.pread(scratch, number, scratch.data(), part, position + done);
                } while (n == -Errno.EINTR);
                if (n < 0 && done == 0) {
                    check(call, n);
                }
                if (n <= 0) {
                    break;
                }
                MemorySegment.copy(scratch.memory(), JAVA_BYTE, scratch.dataOffset(), target, offset + done, (int) n);
                done += (int) n;
                if (n < part) {
                    break;
                }
            }
            return done == 0 ? -1 : done;
        }
    }

    /**
     * Reads at a position, straight into native memory.
     *
     * @param position where to start, in bytes, at least 0
     * @param target   native memory to fill; not kept
     * @return the number of bytes, or -1 at or past the end of the file
     */
    public long readAt(long position, MemorySegment target) throws ErrnoException {
        if (target.isReadOnly()) {
            throw new IllegalArgumentException("read-only memory");
        }
        if (target.byteSize() == 0) {
            return 0;
        }
        try (Scratch scratch = Scratch.take()) {
            long n;
            do {
                n = Unistd.pread(scratch, number, nativeAddress(target), target.byteSize(), position);
            } while (n == -Errno.EINTR);
            check("pread", n);
            return n == 0 ? -1 : n;
        } finally {
            Reference.reachabilityFence(target);
        }
    }

    /**
     * Fills native memory from a position.
     *
     * @throws EOFException   if the file ends before
     * @throws ErrnoException if reading fails
     */
    public void readFullyAt(long position, MemorySegment target) throws ErrnoException, EOFException {
        long done = 0;
        while (done < target.byteSize()) {
            long n = readAt(position + done, target.asSlice(done));
            if (n < 0) {
                throw new EOFException(
                        "the file ends at " + (position + done) + ", wanted up to " + (position + target.byteSize()));
            }
            done += n;
        }
    }

    /** Writes all of the bytes at the file's position, and moves it. */
    public void write(byte[] source, int offset, int length) throws ErrnoException {
        transferOut("write", source, offset, length, -1);
    }

    /** Writes all of the bytes at a position, in bytes, at least 0. */
    public void writeAt(long position, byte[] source, int offset, int length) throws ErrnoException {
        checkPosition(position);
        transferOut("pwrite", source, offset, length, position);
    }

    private void transferOut(String call, byte[] source, int offset, int length, long position) throws ErrnoException {
        Objects.checkFromIndexSize(offset, length, source.length);
        try (Scratch scratch = Scratch.take()) {
            int done = 0;
            while (done < length) {
                int part = Math.min(length - done, Scratch.DATA_SIZE);
                MemorySegment.copy(source, offset + done, scratch.memory(), JAVA_BYTE, scratch.dataOffset(), part);
                writeAll(call, scratch, scratch.data(), part, position < 0 ? -1 : position + done);
                done += part;
            }
        }
    }

    /** Writes all of native memory at the file's position, and moves it. */
    public void write(MemorySegment source) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            writeAll("write", scratch, nativeAddress(source), source.byteSize(), -1);
        } finally {
            Reference.reachabilityFence(source);
        }
    }

    /** Writes all of native memory at a position, in bytes, at least 0. */
    public void writeAt(long position, MemorySegment source) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            checkPosition(position);
            writeAll("pwrite", scratch, nativeAddress(source), source.byteSize(), position);
        } finally {
            Reference.reachabilityFence(source);
        }
    }

    /**
     * Writes what one call takes of native memory, at a position.
     *
     * @param position in bytes, at least 0
     * @return the number of bytes; fewer than all where the disk is full, or a limit is met
     */
    public long writeSomeAt(long position, MemorySegment source) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            checkPosition(position);
            long n;
            do {
                n = Unistd.pwrite(scratch, number, nativeAddress(source), source.byteSize(), position);
            } while (n == -Errno.EINTR);
            return check("pwrite", n);
        } finally {
            Reference.reachabilityFence(source);
        }
    }

    private void writeAll(String call, Scratch scratch, long address, long length, long position)
            throws ErrnoException {
        long done = 0;
        while (done < length) {
            long n = position < 0
                    ? Unistd.write(scratch, number, address + done, length - done)
                    : Unistd.pwrite(scratch, number, address + done, length - done, position + done);
            if (n != -Errno.EINTR) {
                done += check(call, n);
            }
        }
    }

    /**
     * Copies a range from this file to another inside the kernel, sharing the blocks where the file system can.
     *
     * @param position where to start here, in bytes
     * @param target   the file to write
     * @param targetPosition where to start there, in bytes
     * @param length   how much, in bytes
     * @return how much was copied, in bytes; less than {@code length} where this file ends before
     */
    public long copyTo(long position, Descriptor target, long targetPosition, long length) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            long offsets = scratch.struct();
            long done = 0;
            while (done < length) {
                scratch.setStructLong(0, position + done);
                scratch.setStructLong(Long.BYTES, targetPosition + done);
                long n = Unistd.copyFileRange(
                        scratch, number, offsets, target.number, offsets + Long.BYTES, length - done, 0);
                if (n == -Errno.EINTR) {
                    continue;
                }
                if (check("copy_file_range", n) == 0) {
                    break;
                }
                done += n;
            }
            return done;
        }
    }

    /** Reads the status of the open file. */
    public FileStatus status() throws ErrnoException {
        return PosixFiles.status("fstat", this, EMPTY, AT_EMPTY_PATH);
    }

    /** Reads the status of the file system that the open file is on. */
    public FileSystemStatus fileSystemStatus() throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            check("fstatfs", SysVfs.fstatfs(scratch, number, scratch.struct()));
            return FileSystemStatus.read(scratch.struct());
        }
    }

    /** Returns the file's position, in bytes. */
    public long position() throws ErrnoException {
        return seek(0, SEEK_CUR);
    }

    /** Sets the file's position, in bytes from its start. */
    public void position(long position) throws ErrnoException {
        seek(position, SEEK_SET);
    }

    /**
     * Finds the next data at or after a position; moves the file's position.
     *
     * @return where it starts, in bytes, or -1 if only a hole follows
     */
    public long nextData(long position) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            long found = Unistd.lseek(scratch, number, position, SEEK_DATA);
            return found == -Errno.ENXIO ? -1 : check("lseek", found);
        }
    }

    /**
     * Finds the next hole at or after a position, counting one at the end of the file; moves the file's position.
     *
     * @throws ErrnoException {@code ENXIO} if {@code position} is past the end
     */
    public long nextHole(long position) throws ErrnoException {
        return seek(position, SEEK_HOLE);
    }

    /** Finds data or a hole, or sets the position, as {@code lseek} does. */
    public long seek(long offset, int whence) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            return check("lseek", Unistd.lseek(scratch, number, offset, whence));
        }
    }

    /** Sets the file's length, in bytes; what it gains is a hole. */
    public void truncate(long size) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            check("ftruncate", Unistd.ftruncate(scratch, number, size));
        }
    }

    /** Reserves space for a range, in bytes, and lets the file grow over it. */
    public void allocate(long offset, long length) throws ErrnoException {
        allocate(0, offset, length);
    }

    /**
     * Reserves or frees space as {@code fallocate} does.
     *
     * @param mode that call's
     */
    public void allocate(int mode, long offset, long length) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            check("fallocate", Fcntl.fallocate(scratch, number, mode, offset, length));
        }
    }

    /** Frees the space of a range, in bytes, which then reads as zeros; the length of the file stays. */
    public void punchHole(long offset, long length) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            check("fallocate", Fcntl.fallocate(scratch, number, FALLOC_PUNCH_HOLE | FALLOC_KEEP_SIZE, offset, length));
        }
    }

    /** Waits until data and attributes are on the disk. */
    public void sync() throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            check("fsync", Unistd.fsync(scratch, number));
        }
    }

    /** Waits until the data, and what is needed to find it, are on the disk. */
    public void syncData() throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            check("fdatasync", Unistd.fdatasync(scratch, number));
        }
    }

    /**
     * Tells the kernel how a range will be used.
     *
     * @param length in bytes; 0 means up to the end
     */
    public void advise(long offset, long length, Advice advice) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            check("posix_fadvise", Fcntl.posixFadvise(scratch, number, offset, length, advice.number));
        }
    }

    /** The advice that {@link #advise} can give, with the kernel's numbers. */
    public enum Advice {
        /** Nothing special. */
        NORMAL(0),
        /** Here and there: no read-ahead. */
        RANDOM(1),
        /** From front to back: more read-ahead. */
        SEQUENTIAL(2),
        /** Soon: starts reading. */
        WILL_NEED(3),
        /** Not soon: drops clean pages. */
        DONT_NEED(4),
        /** Only once. */
        NO_REUSE(5);

        private final int number;

        Advice(int number) {
            this.number = number;
        }
    }

    /**
     * Locks the open file by {@code flock}, waiting for nobody.
     *
     * @param exclusive whether to shut out others that share, too
     * @return false if another holds it
     */
    public boolean tryLock(boolean exclusive) throws ErrnoException {
        int result = flock((exclusive ? 2 : 1) | 4);
        if (result == -Errno.EAGAIN) {
            return false;
        }
        check("flock", result);
        return true;
    }

    /** Locks the open file by {@code flock}, waiting for others; virtual threads had better use {@link #tryLock}. */
    public void lock(boolean exclusive) throws ErrnoException {
        int result;
        do {
            result = flock(exclusive ? 2 : 1);
        } while (result == -Errno.EINTR);
        check("flock", result);
    }

    /** Gives up the lock, as closing the last descriptor of the open file does. */
    public void unlock() throws ErrnoException {
        check("flock", flock(8));
    }

    private int flock(int operation) {
        try (Scratch scratch = Scratch.take()) {
            return SysFile.flock(scratch, number, operation);
        }
    }

    /** Sets owner and group of the open file, which may have been opened by {@link OpenFlags#PATH}, each unsigned or -1 to leave it. */
    public void changeOwner(int uid, int gid) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            long path = scratch.path("fchownat", EMPTY);
            check("fchownat", Unistd.fchownat(scratch, number, path, uid, gid, AT_EMPTY_PATH));
        }
    }

    /** Sets the permission bits of a file that was opened by {@link OpenFlags#PATH}; needs {@code /proc}. */
    public void changeModeOfPlace(int mode) throws ErrnoException {
        PosixFiles.changeMode(WORKING_DIRECTORY, procName(), mode, 0);
    }

    /** Sets the permission bits of the open file. */
    public void changeMode(int mode) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            check("fchmod", SysStat.fchmod(scratch, number, mode));
        }
    }

    /** Tells whether it is a terminal. */
    public static boolean isTerminal(int number) {
        try (Scratch scratch = Scratch.take()) {
            return Unistd.isatty(scratch, number) == 1;
        }
    }

    @Override
    public String toString() {
        return "descriptor " + number;
    }

    static int check(String call, int result) throws ErrnoException {
        return (int) check(call, (long) result);
    }

    static long check(String call, long result) throws ErrnoException {
        if (result < 0) {
            throw new ErrnoException(call, (int) -result);
        }
        return result;
    }

    private static void checkPosition(long position) {
        if (position < 0) { // would mean the file's own position
            throw new IllegalArgumentException("position " + position);
        }
    }

    private static long nativeAddress(MemorySegment segment) {
        if (!segment.isNative()) {
            throw new IllegalArgumentException("not native memory: " + segment);
        }
        return segment.address();
    }
}
