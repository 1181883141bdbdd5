package io.nydus4j.daemon.passthrough;

import io.nydus4j.daemon.passthrough.SharedNode.Identity;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.FileHandle;
import io.nydus4j.linux.file.OpenFlags;
import io.nydus4j.linux.file.PosixFiles;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which nodes the kernel knows of a shared directory, in a file, so that a successor finds the files that clients have open.
 *
 * <p>Each change is appended by one write, so whenever the process dies the file tells all but the last. A predecessor that still
 * serves may append meanwhile; what it adds is read when it is missed. Where the file cannot be written a successor knows less, which is
 * all. Used under the lock of {@link SharedNodes}.
 *
 * <p>A record (big-endian): length 2, node number 8; where the node is new also device 8, inode 8, type of the handle 4, the handle.
 */
final class NodeJournal implements AutoCloseable {
    private static final Logger LOG = System.getLogger(NodeJournal.class.getName());
    private static final int NUMBER_SIZE = 8;
    private static final int KNOWN_SIZE = NUMBER_SIZE + 8 + 8 + 4;
    private static final int BLOCK = 1 << 16;
    /** Records past twice the nodes, from which on the file is written anew. */
    private static final int SLACK = 20_000;

    /**
     * A node.
     *
     * @param number   by which the kernel calls it
     * @param identity which inode it is
     * @param handle   by which its file system finds it
     */
    record Known(long number, Identity identity, FileHandle handle) {}

    private final byte[] path;
    private final Map<Long, Known> byNumber = new HashMap<>();
    private final Map<Identity, Known> byIdentity = new HashMap<>();
    private Descriptor file;
    private byte[] rest = {};
    private long read;
    private long records;
    private boolean failed;

    private NodeJournal(byte[] path, Descriptor file) {
        this.path = path;
        this.file = file;
    }

    /**
     * Opens the file.
     *
     * @param inherited whether it is a predecessor's, which is kept
     */
    static NodeJournal open(byte[] path, boolean inherited) throws ErrnoException {
        int flags = OpenFlags.READ_WRITE | OpenFlags.CREATE | OpenFlags.APPEND | OpenFlags.NO_FOLLOW;
        Descriptor file = PosixFiles.open(
                Descriptor.WORKING_DIRECTORY, path, inherited ? flags : flags | OpenFlags.TRUNCATE, 0600);
        NodeJournal journal = new NodeJournal(path, file);
        journal.readOn();
        return journal;
    }

    /** Returns a node that is noted, or null. */
    @Nullable
    Known known(long number) {
        Known known = byNumber.get(number);
        if (known == null) {
            readOn();
            known = byNumber.get(number);
        }
        return known;
    }

    /** Returns what is noted of an inode, or null. */
    @Nullable
    Known known(Identity identity) {
        return byIdentity.get(identity);
    }

    /** Notes a node. */
    void add(Known known) {
        keep(known);
        append(bytes(known));
    }

    /** Strikes a node out. */
    void remove(long number) {
        if (drop(number)) {
            ByteBuffer record = ByteBuffer.allocate(Short.BYTES + NUMBER_SIZE);
            append(record.putShort((short) NUMBER_SIZE).putLong(number).array());
        }
    }

    private void keep(Known known) {
        byNumber.put(known.number(), known);
        byIdentity.put(known.identity(), known);
    }

    private boolean drop(long number) {
        Known known = byNumber.remove(number);
        if (known == null) {
            return false;
        }
        byIdentity.remove(known.identity(), known);
        return true;
    }

    private static byte[] bytes(Known known) {
        byte[] handle = known.handle().bytes();
        return ByteBuffer.allocate(Short.BYTES + KNOWN_SIZE + handle.length)
                .putShort((short) (KNOWN_SIZE + handle.length))
                .putLong(known.number())
                .putLong(known.identity().dev())
                .putLong(known.identity().ino())
                .putInt(known.handle().type())
                .put(handle)
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
        for (Known known : byNumber.values()) {
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
            Identity identity = new Identity(record.getLong(), record.getLong());
            int type = record.getInt();
            byte[] handle = new byte[Math.min(record.remaining(), FileHandle.MAX_BYTES)];
            record.get(handle);
            keep(new Known(number, identity, new FileHandle(type, handle)));
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
