package io.nydus4j.build.tar;

import io.nydus4j.rafs.tree.Xattr;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Writes a tar archive in POSIX form, with PAX records where a header does not hold what there is to say: long names, xattrs, times below a
 * second. Mirrors what {@code nydus-image unpack} of the reference writes, which leaves those times out. Not safe for use by several
 * threads.
 */
public final class TarWriter {
    private static final int UNIT = TarHeader.SIZE;
    private static final int PAX_MODE = 0644;
    private static final byte[] XATTR_PREFIX = "SCHILY.xattr.".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] ESCAPED_EQUALS = "%3D".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] ESCAPED_PERCENT = "%25".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] PAX_DIRECTORY = "PaxHeaders.0/".getBytes(StandardCharsets.US_ASCII);

    /** Takes the bytes of an archive. */
    @FunctionalInterface
    public interface Sink {
        /** Takes bytes, which the caller changes afterwards. */
        void write(MemorySegment bytes) throws IOException;
    }

    private final Sink sink;
    /** Bytes of data that the current member still gets. */
    private long left;
    /** Bytes to fill up the last unit of the current member. */
    private int padding;

    /** Starts an archive. */
    public TarWriter(Sink sink) {
        this.sink = sink;
    }

    /** Starts a member; the one before must be complete. */
    public void begin(TarEntry entry) throws IOException {
        if (left != 0) {
            throw new IllegalStateException("the member before lacks " + left + " bytes");
        }
        PaxRecords records = new PaxRecords();
        byte[] name = shortened(entry.name(), "path", records);
        byte[] linkName = shortened(entry.linkName(), "linkpath", records);
        if (entry.mtimeNanos() != 0) {
            records.put("mtime", time(entry.mtimeSeconds(), entry.mtimeNanos()));
        }
        for (Xattr xattr : entry.xattrs()) {
            records.put(xattrKey(xattr.name()), xattr.value());
        }
        if (!records.isEmpty()) {
            byte[] data = records.toBytes();
            write(new TarHeader(TarType.PAX, paxName(name), PAX_MODE).size(data.length));
            write(data);
            write(new byte[padding(data.length)]);
        }
        write(new TarHeader(entry.type(), name, entry.mode())
                .owner(entry.uid(), entry.gid(), entry.userName(), entry.groupName())
                .size(entry.size())
                .mtime(entry.mtimeSeconds())
                .linkName(linkName)
                .device(entry.deviceMajor(), entry.deviceMinor()));
        left = entry.size();
        padding = padding(entry.size());
    }

    /** Returns the key of an xattr's record, in which GNU tar, and what reads its archives, spells out two letters. */
    private static byte[] xattrKey(byte[] name) {
        ByteArrayOutputStream key = new ByteArrayOutputStream(XATTR_PREFIX.length + name.length);
        key.writeBytes(XATTR_PREFIX);
        for (byte letter : name) {
            switch (letter) {
                case '=' -> key.writeBytes(ESCAPED_EQUALS);
                case '%' -> key.writeBytes(ESCAPED_PERCENT);
                default -> key.write(letter);
            }
        }
        return key.toByteArray();
    }

    /** Writes data of the current member, in order. */
    public void data(MemorySegment bytes) throws IOException {
        check(bytes.byteSize());
        sink.write(bytes);
        passed(bytes.byteSize());
    }

    private void check(long length) {
        if (length > left) {
            throw new IllegalStateException("the member takes " + left + " bytes more, not " + length);
        }
    }

    /** Counts data of the current member that went to where the sink writes to by another way. */
    public void passed(long length) throws IOException {
        check(length);
        left -= length;
        if (left == 0 && padding > 0) {
            write(new byte[padding]);
            padding = 0;
        }
    }

    /** Ends the archive. */
    public void finish() throws IOException {
        write(new byte[2 * UNIT]);
    }

    private void write(TarHeader header) throws IOException {
        write(header.toBytes());
    }

    private void write(byte[] bytes) throws IOException {
        sink.write(MemorySegment.ofArray(bytes));
    }

    private static int padding(long size) {
        return (int) (-size & UNIT - 1);
    }

    /** Returns what the header holds of a name; if that is not all, a record gets the whole. */
    private static byte[] shortened(byte[] name, String key, PaxRecords records) {
        if (name.length <= TarHeader.NAME_SIZE) {
            return name;
        }
        records.put(key, name);
        return cut(name);
    }

    /** Cuts a name where a character ends; a name that is not text, anywhere. */
    private static byte[] cut(byte[] name) {
        int length = TarHeader.NAME_SIZE;
        while (length > TarHeader.NAME_SIZE - 4 && continues(name[length])) {
            length--;
        }
        return Arrays.copyOf(name, continues(name[length]) ? TarHeader.NAME_SIZE : length);
    }

    /** Tells whether a byte of UTF-8 continues a character. */
    private static boolean continues(byte letter) {
        return (letter & 0xC0) == 0x80;
    }

    /** Returns the name of the member that holds the records: the same, in a directory that does not exist. */
    private static byte[] paxName(byte[] name) {
        int end = name.length;
        while (end > 0 && name[end - 1] == '/') {
            end--;
        }
        int start = end;
        while (start > 0 && name[start - 1] != '/') {
            start--;
        }
        byte[] full = new byte[end + PAX_DIRECTORY.length];
        System.arraycopy(name, 0, full, 0, start);
        System.arraycopy(PAX_DIRECTORY, 0, full, start, PAX_DIRECTORY.length);
        System.arraycopy(name, start, full, start + PAX_DIRECTORY.length, end - start);
        return full.length <= TarHeader.NAME_SIZE ? full : cut(full);
    }

    private static byte[] time(long seconds, int nanos) {
        boolean negative = seconds < 0;
        long whole = negative ? -(seconds + 1) : seconds;
        int part = negative ? 1_000_000_000 - nanos : nanos;
        String text =
                (negative ? "-" : "") + whole + "." + "%09d".formatted(part).replaceAll("0+$", "");
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
