package io.nydus4j.linux.mount;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.RawBytes;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.linux.file.OpenFlags;
import io.nydus4j.linux.file.PosixFiles;
import io.nydus4j.linux.libc.Scratch;
import io.nydus4j.linux.libc.Unistd;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A file system that is about to be mounted, by the calls {@code fsopen}, {@code fsconfig}, {@code fsmount} and {@code move_mount}:
 * other than {@code mount}, they take any number of options, and say why they refuse. Needs {@code CAP_SYS_ADMIN}. Not safe for use by
 * several threads.
 */
public final class FileSystemContext implements AutoCloseable {
    /** Refuses changes. */
    public static final long READ_ONLY = 1;
    /** Ignores set-user-id bits and file capabilities. */
    public static final long NO_SUID = 2;
    /** Refuses to open device nodes. */
    public static final long NO_DEVICES = 4;

    /** Greatest length of an option's value in bytes: {@code fsconfig} takes strings of 256 with their NUL. */
    public static final int LONGEST_VALUE = 255;

    // The same on x86-64 and aarch64.
    private static final long MOVE_MOUNT = 429;
    private static final long FSOPEN = 430;
    private static final long FSCONFIG = 431;
    private static final long FSMOUNT = 432;

    private static final long CLOEXEC = 1;
    private static final long SET_FLAG = 0;
    private static final long SET_STRING = 1;
    private static final long CREATE = 6;
    private static final long AT_FDCWD = -100;
    private static final long FROM_DESCRIPTOR = 4;
    private static final int MOST_MESSAGES = 16;
    private static final int VALUE_PLACE = 1024;

    private final Descriptor context;
    /** What substitutes for long paths lead to. */
    private final List<Descriptor> opened = new ArrayList<>();

    private FileSystemContext(Descriptor context) {
        this.context = context;
    }

    /**
     * Opens a context.
     *
     * @param type type of the file system
     * @throws ErrnoException {@code ENODEV} if the kernel does not know it
     */
    public static FileSystemContext open(String type) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            long name = scratch.string(RawBytes.bytes(type), 0);
            long number = Unistd.syscall(scratch, FSOPEN, name, CLOEXEC, 0);
            if (number < 0) {
                throw new ErrnoException("fsopen", (int) -number);
            }
            return new FileSystemContext(Descriptor.adopt((int) number));
        }
    }

    /** Sets an option that has no value. */
    public FileSystemContext flag(String key) throws IOException {
        configure(SET_FLAG, key, null);
        return this;
    }

    /**
     * Sets an option; of those that may be given several times, one more.
     *
     * @param value at most {@link #LONGEST_VALUE} bytes, or the kernel refuses it
     */
    public FileSystemContext option(String key, byte[] value) throws IOException {
        configure(SET_STRING, key, value);
        return this;
    }

    /**
     * Sets an option that is a path, of any length: what is too long for an option gets a substitute, which leads to the same file until
     * this is closed.
     */
    public FileSystemContext path(String key, byte[] path) throws IOException {
        if (path.length <= LONGEST_VALUE) {
            return option(key, path);
        }
        Descriptor file = PosixFiles.open(Descriptor.WORKING_DIRECTORY, path, OpenFlags.PATH, 0);
        opened.add(file);
        return option(key, NativePath.bytes(file.procPath()));
    }

    private void configure(long command, String key, byte @Nullable [] value) throws IOException {
        try (Scratch scratch = Scratch.take()) {
            long keyAddress = key.isEmpty() ? 0 : scratch.string(RawBytes.bytes(key), 0);
            long valueAddress = value == null ? 0 : scratch.string(value, VALUE_PLACE);
            long result = Unistd.syscall(scratch, FSCONFIG, context.number(), command, keyAddress, valueAddress, 0);
            if (result < 0) {
                throw refused("fsconfig", (int) -result);
            }
        }
    }

    /**
     * Makes the file system and mounts it.
     *
     * @param target     directory, as raw bytes
     * @param attributes bits of {@link #READ_ONLY}, {@link #NO_SUID}, {@link #NO_DEVICES}
     * @throws IOException if the kernel refuses; the message holds what it said
     */
    public void mount(byte[] target, long attributes) throws IOException {
        configure(CREATE, "", null);
        try (Scratch scratch = Scratch.take()) {
            long number = Unistd.syscall(scratch, FSMOUNT, context.number(), CLOEXEC, attributes);
            if (number < 0) {
                throw refused("fsmount", (int) -number);
            }
            try (Descriptor mount = Descriptor.adopt((int) number)) {
                long empty = scratch.string(new byte[0], 0);
                long place = scratch.path("move_mount", target);
                long result =
                        Unistd.syscall(scratch, MOVE_MOUNT, mount.number(), empty, AT_FDCWD, place, FROM_DESCRIPTOR);
                if (result < 0) {
                    throw new ErrnoException("move_mount", target, (int) -result);
                }
            }
        }
    }

    /** Describes a refusal with the lines that the kernel left in the context. */
    private IOException refused(String call, int errno) {
        ErrnoException refusal = new ErrnoException(call, errno);
        StringBuilder said = new StringBuilder();
        byte[] line = new byte[1024];
        for (int i = 0; i < MOST_MESSAGES; i++) {
            try {
                int length = context.read(line, 0, line.length);
                if (length <= 0) {
                    break;
                }
                String text = new String(line, 0, length, UTF_8).strip();
                // A letter for the kind, a blank, the text.
                said.append(said.isEmpty() ? "" : "; ").append(text.length() > 2 ? text.substring(2) : text);
            } catch (ErrnoException e) {
                if (e.errno() != Errno.ENODATA) {
                    refusal.addSuppressed(e);
                }
                break;
            }
        }
        return said.isEmpty() ? refusal : new IOException(refusal.getMessage() + ": " + said, refusal);
    }

    @Override
    public void close() throws ErrnoException {
        for (Descriptor descriptor : opened) {
            descriptor.close();
        }
        context.close();
    }
}
