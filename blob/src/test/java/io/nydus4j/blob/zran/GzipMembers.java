package io.nydus4j.blob.zran;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** Makes gzip members of every kind with {@link Deflater}, and plain bytes for them. */
final class GzipMembers {
    private GzipMembers() {}

    /** Returns bytes of which some repeat near or far, some run on, and some are random. */
    static byte[] plain(SplittableRandom random, int length) {
        byte[] data = new byte[length];
        int filled = 0;
        while (filled < length) {
            int count = Math.min(length - filled, 1 + random.nextInt(random.nextInt(10) == 0 ? 700 : 30));
            switch (random.nextInt(4)) {
                case 0 -> {
                    int distance = 1 + random.nextInt(random.nextBoolean() ? 9 : 32768);
                    for (int i = filled; i < filled + count; i++) {
                        data[i] = distance <= i ? data[i - distance] : (byte) i;
                    }
                }
                case 1 -> {
                    for (int i = filled; i < filled + count; i++) {
                        data[i] = (byte) random.nextInt();
                    }
                }
                default -> {
                    for (int i = filled; i < filled + count; i++) {
                        data[i] = (byte) (' ' + random.nextInt(1 + random.nextInt(90)));
                    }
                }
            }
            filled += count;
        }
        return data;
    }

    /** Returns a raw deflate stream. Flushes within it leave empty stored blocks and blocks that start at any bit. */
    static byte[] deflate(byte[] plain, int level, int strategy, int flushes) {
        Deflater deflater = new Deflater(level, true);
        deflater.setStrategy(strategy);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        byte[] buffer = new byte[1024];
        for (int part = 0; part <= flushes; part++) {
            int from = (int) ((long) plain.length * part / (flushes + 1));
            int to = (int) ((long) plain.length * (part + 1) / (flushes + 1));
            deflater.setInput(plain, from, to - from);
            if (part == flushes) {
                deflater.finish();
            }
            int flush = part == flushes ? Deflater.NO_FLUSH : part % 3 == 0 ? Deflater.FULL_FLUSH : Deflater.SYNC_FLUSH;
            int count;
            do {
                count = deflater.deflate(buffer, 0, buffer.length, flush);
                bytes.write(buffer, 0, count);
            } while (part == flushes ? !deflater.finished() : count == buffer.length || !deflater.needsInput());
        }
        deflater.end();
        return bytes.toByteArray();
    }

    /** Returns a member with a plain header around a raw deflate stream. */
    static byte[] member(byte[] deflated, byte[] plain) {
        return member(new byte[] {0x1F, (byte) 0x8B, 8, 0, 0, 0, 0, 0, 0, (byte) 0xFF}, deflated, plain);
    }

    /** Returns a member with a header of its own. */
    static byte[] member(byte[] header, byte[] deflated, byte[] plain) {
        CRC32 crc = new CRC32();
        crc.update(plain);
        return join(header, deflated, littleEndian((int) crc.getValue()), littleEndian(plain.length));
    }

    /** Returns a header with the optional fields that {@code flags} names. */
    static byte[] header(int flags, SplittableRandom random) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(new byte[] {0x1F, (byte) 0x8B, 8, (byte) flags, 1, 2, 3, 4, 2, 3});
        if ((flags & 4) != 0) {
            int length = random.nextInt(600);
            bytes.write(length);
            bytes.write(length >> 8);
            bytes.writeBytes(new byte[length]);
        }
        if ((flags & 8) != 0) {
            bytes.writeBytes("layer.tar\0".getBytes(StandardCharsets.US_ASCII));
        }
        if ((flags & 16) != 0) {
            bytes.writeBytes("a comment\0".getBytes(StandardCharsets.US_ASCII));
        }
        if ((flags & 2) != 0) {
            CRC32 crc = new CRC32();
            crc.update(bytes.toByteArray());
            bytes.write((int) crc.getValue());
            bytes.write((int) crc.getValue() >> 8);
        }
        return bytes.toByteArray();
    }

    /** Returns {@code value} as four bytes. */
    static byte[] littleEndian(int value) {
        return new byte[] {(byte) value, (byte) (value >> 8), (byte) (value >> 16), (byte) (value >> 24)};
    }

    /** Returns the parts in one array. */
    static byte[] join(byte[]... parts) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            bytes.writeBytes(part);
        }
        return bytes.toByteArray();
    }
}
