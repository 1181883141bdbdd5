package io.nydus4j.build.tar;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/** The PAX records of one member: keys with values of any bytes, written in the order of the keys. */
final class PaxRecords {
    private final Map<byte[], byte[]> records = new TreeMap<>(Arrays::compareUnsigned);

    void put(String key, byte[] value) {
        put(key.getBytes(StandardCharsets.US_ASCII), value);
    }

    void put(byte[] key, byte[] value) {
        records.put(key, value);
    }

    boolean isEmpty() {
        return records.isEmpty();
    }

    /** Returns the records, each {@code "length key=value\n"}, where the length counts the whole record. */
    byte[] toBytes() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        records.forEach((key, value) -> {
            // A space, an equals sign and a newline.
            int rest = key.length + value.length + 3;
            int length = rest + digits(rest);
            length = rest + digits(length);
            bytes.writeBytes(Integer.toString(length).getBytes(StandardCharsets.US_ASCII));
            bytes.write(' ');
            bytes.writeBytes(key);
            bytes.write('=');
            bytes.writeBytes(value);
            bytes.write('\n');
        });
        return bytes.toByteArray();
    }

    private static int digits(int number) {
        return Integer.toString(number).length();
    }
}
