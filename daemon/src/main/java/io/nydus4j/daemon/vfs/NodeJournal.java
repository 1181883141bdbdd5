package io.nydus4j.daemon.vfs;

import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.OpenFlags;
import io.nydus4j.linux.file.PosixFiles;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which nodes the kernel knows of a file system whose numbers mean nothing beyond this process, in a file, so that a successor finds the
 * files that clients have open.
 *
 * <p>Each change is appended by one write, so whenever the process dies the file tells all but the last. A predecessor that still
 * serves may append meanwhile; what it adds is read when it is missed. Where the file cannot be written a successor knows less, which is
 * all. Used under the lock of who keeps the nodes.
 *
 * <p>A record (big-endian): length 2, node number 8, and what is noted of the node; nothing where the node is struck out.
 *
 * @param <N> what is noted of a node
 */
public final class NodeJournal<N extends NodeJournal.Noted> implements AutoCloseable {
    private static final Logger LOG = System.getLogger(NodeJournal.class.getName());
    private static final int NUMBER_SIZE = 8;
    private static final int BLOCK = 1 << 16;
    /** Records past twice the nodes, from which on the file is written anew. */
    private static final int SLACK = 20_000;

    /** What is noted of a node. */
    public interface Noted {
        /** Returns the number by which the kernel calls it. */
        long number();

        /** Returns what else it can be found by, for {@link NodeJournal#knownBy}. */
        Object key();

        /** Returns all but the number: at least a byte, at most 32 KiB. */
        byte[] bytes();
    }

    /** Reads what {@link Noted#bytes} gave. */
    @FunctionalInterface
    public interface Reader<N> {
        /** Reads it; may throw {@link BufferUnderflowException}. */
        N read(long number, ByteBuffer bytes);
    }

    private final byte[] path;
    private final Reader<N> reader;
    private final Map<Long, N> byNumber = new HashMap<>();
    private final Map<Object, N> byKey = new HashMap<>();
    private Descriptor file;
    private byte[] rest = {};
    private long read;
    private long records;
    private boolean failed;

    private NodeJournal(byte[] path, Reader<N> reader, Descriptor file) {
        this.path = path;
        this.reader = reader;
        this.file = file;
    }

    /**
     * Opens the file.
     *
     * @param inherited whether it is a predecessor's, which is kept
     */
    public static <N extends Noted> NodeJournal<N> open(byte[] path, boolean inherited, Reader<N> reader)
            throws ErrnoException {
        int flags = OpenFlags.READ_WRITE | OpenFlags.CREATE | OpenFlags.APPEND | OpenFlags.NO_FOLLOW;
        Descriptor file = PosixFiles.open(
                Descriptor.WORKING_DIRECTORY, path, inherited ? flags : flags | OpenFlags.TRUNCATE, 0600);
        NodeJournal<N> journal = new NodeJournal<>(path, reader, file);
        journal.readOn();
        return journal;
    }

    /** Returns a node that is noted, or null. */
    public @Nullable N known(long number) {
        N known = byNumber.get(number);
        if (known == null) {
            readOn();
            known = byNumber.get(number);
        }
        return known;
    }

    /** Returns the node that is noted with a {@linkplain Noted#key() key}, or null. */
    public @Nullable N knownBy(Object key) {
        return byKey.get(key);
    }

    /** Returns all nodes that are noted, those with small numbers first. */
    public List<N> all() {
        readOn();
        return byNumber.values().stream()
                .sorted(Comparator.comparingLong(Noted::number))
                .toList();
    }

    /** Notes a node, or anew what is so of it now. */
    public void add(N known) {
        keep(known);
        append(bytes(known));
    }

    /** Strikes a node out. */
    public void remove(long number) {
        if (drop(number)) {
            ByteBuffer record = ByteBuffer.allocate(Short.BYTES + NUMBER_SIZE);
            append(record.putShort((short) NUMBER_SIZE).putLong(number).array());
        }
    }

    private void keep(N known) {
        drop(known.number());
        byNumber.put(known.number(), known);
        byKey.put(known.key(), known);
    }

    private boolean drop(long number) {
        N known = byNumber.remove(number);
        if (known == null) {
            return false;
        }
        byKey.remove(known.key(), known);
        return true;
    }

    private static byte[] bytes(Noted known) {
        byte[] bytes = known.bytes();
        return ByteBuffer.allocate(Short.BYTES + NUMBER_SIZE + bytes.length)
                .putShort((short) (NUMBER_SIZE + bytes.length))
                .putLong(known.number())
                .put(bytes)
                .array();
    }

    private void append(byte[] record) {
        if (failed) {
            return;
        }
        try {
            file.write(record, 0, record.length);
            if (++records > 2L * byNumber.size() + SLACK) {
                writeAnew();
            }
        } catch (ErrnoException e) {
            failed = true;
            LOG.log(Level.WARNING, "a successor will not know all files that are open: {0}", e.getMessage());
        }
    }

    private void writeAnew() throws ErrnoException {
        byte[] next = Arrays.copyOf(path, path.length + 1);
        next[path.length] = '+';
        int flags = OpenFlags.READ_WRITE | OpenFlags.CREATE | OpenFlags.TRUNCATE | OpenFlags.APPEND;
        Descriptor written = PosixFiles.open(Descriptor.WORKING_DIRECTORY, next, flags | OpenFlags.NO_FOLLOW, 0600);
        for (N known : byNumber.values()) {
            byte[] record = bytes(known);
            written.write(record, 0, record.length);
        }
        PosixFiles.rename(Descriptor.WORKING_DIRECTORY, next, Descriptor.WORKING_DIRECTORY, path);
        file.close();
        file = written;
        records = byNumber.size();
        read = 0;
        rest = new byte[0];
    }

    /** Reads what was appended since the last time. */
    private void readOn() {
        try {
            byte[] block = new byte[BLOCK];
            int length;
            while ((length = file.readAt(read, block, 0, block.length)) > 0) {
                read += length;
                byte[] bytes = Arrays.copyOf(rest, rest.length + length);
                System.arraycopy(block, 0, bytes, rest.length, length);
                rest = parse(ByteBuffer.wrap(bytes));
            }
        } catch (IOException e) {
            LOG.log(Level.WARNING, "cannot read which files are open: {0}", e.getMessage());
        }
    }

    /** Takes whole records; returns what is left. */
    private byte[] parse(ByteBuffer bytes) {
        while (bytes.remaining() >= Short.BYTES) {
            int length = Short.toUnsignedInt(bytes.getShort(bytes.position()));
            if (bytes.remaining() < Short.BYTES + length) {
                break;
            }
            ByteBuffer record = bytes.slice(bytes.position() + Short.BYTES, length);
            bytes.position(bytes.position() + Short.BYTES + length);
            records++;
            take(record);
        }
        byte[] left = new byte[bytes.remaining()];
        bytes.get(left);
        return left;
    }

    private void take(ByteBuffer record) {
        try {
            long number = record.getLong();
            if (!record.hasRemaining()) {
                drop(number);
                return;
            }
            keep(reader.read(number, record));
        } catch (BufferUnderflowException e) {
            LOG.log(Level.WARNING, "a record of an open file is broken");
        }
    }

    /** Closes the file, which stays. */
    @Override
    public void close() {
        try {
            file.close();
        } catch (ErrnoException e) {
            LOG.log(Level.WARNING, "cannot close a journal: {0}", e.getMessage());
        }
    }
}
