package io.nydus4j.build.tar;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Writes archives by hand, wrong ones too. */
public final class TestTar {
    private static final int UNIT = 512;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /** A header block to change before it is added. */
    public static final class Header {
        private final byte[] block = new byte[UNIT];

        private Header(String name, char type) {
            text(0, name).text(100, "0000644").text(108, "0000000").text(116, "0000000");
            text(124, "00000000000").text(136, "00000000000").text(257, "ustar\00000");
            text(329, "0000000").text(337, "0000000");
            block[156] = (byte) type;
        }

        /** Puts text somewhere. */
        public Header text(int at, String text) {
            byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
            System.arraycopy(bytes, 0, block, at, bytes.length);
            return this;
        }

        /** Sets the size field. */
        public Header size(long size) {
            return text(124, "%011o".formatted(size));
        }

        /** Sets the link name. */
        public Header link(String name) {
            return text(157, name);
        }

        /** Returns the block with the right checksum. */
        public byte[] toBytes() {
            Arrays.fill(block, 148, 156, (byte) ' ');
            int sum = 0;
            for (byte octet : block) {
                sum += Byte.toUnsignedInt(octet);
            }
            text(148, "%06o\0 ".formatted(sum));
            return block;
        }
    }

    /** Starts a header. */
    public static Header header(String name, char type) {
        return new Header(name, type);
    }

    /** Adds bytes as they are. */
    public TestTar raw(byte... bytes) {
        out.writeBytes(bytes);
        return this;
    }

    /** Adds a header. */
    public TestTar add(Header header) {
        return raw(header.toBytes());
    }

    /** Adds a member with data. */
    public TestTar add(Header header, byte[] data) {
        add(header.size(data.length)).raw(data);
        return raw(new byte[-data.length & UNIT - 1]);
    }

    /** Adds a regular file. */
    public TestTar file(String name, String content) {
        return add(header(name, '0'), bytes(content));
    }

    /** Adds a member without data. */
    public TestTar entry(String name, char type, String link) {
        return add(header(name, type).link(link));
    }

    /** Adds an extended header with records. */
    public TestTar pax(char type, String... records) {
        StringBuilder all = new StringBuilder();
        for (String record : records) {
            all.append(record(record));
        }
        return add(header("PaxHeaders/x", type), bytes(all.toString()));
    }

    /** Makes a record of {@code key=value}. */
    public static String record(String keyAndValue) {
        int length = keyAndValue.length() + 3;
        while (String.valueOf(length).length() + keyAndValue.length() + 2 != length) {
            length++;
        }
        return length + " " + keyAndValue + "\n";
    }

    /** Returns the archive so far, without an end. */
    public byte[] toBytes() {
        return out.toByteArray();
    }

    /** Returns the archive with its end. */
    public byte[] finish() {
        return raw(new byte[2 * UNIT]).toBytes();
    }

    /** Returns text as Latin-1. */
    public static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
