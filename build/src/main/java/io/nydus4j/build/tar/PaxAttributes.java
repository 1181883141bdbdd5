package io.nydus4j.build.tar;

import io.nydus4j.rafs.tree.Xattr;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What extended headers say of a member, by key; values are any bytes. Those of a member override those of the whole archive.
 *
 * <p>All of its methods throw {@link IllegalArgumentException} for what is not well-formed; the message says what.
 */
final class PaxAttributes {
    private static final String XATTR = "SCHILY.xattr.";
    /** Like the other, with the name URL-encoded and the value in base 64. */
    private static final String ENCODED_XATTR = "LIBARCHIVE.xattr.";

    private static final String SPARSE_OFFSET = "GNU.sparse.offset";
    private static final String SPARSE_LENGTH = "GNU.sparse.numbytes";
    private static final int MAX_LENGTH_DIGITS = 10;
    /** What an xattr takes beside its name and value, about, in bytes. */
    private static final int XATTR_COST = 100;

    private final Map<String, byte[]> values = new LinkedHashMap<>();
    /** Xattrs by name, kept apart: global headers may have any number of other records. */
    private final Map<String, byte[]> plainXattrs = new LinkedHashMap<>();

    /** Xattrs in the encoded form by encoded name. */
    private final Map<String, byte[]> encodedXattrs = new LinkedHashMap<>();

    private long xattrBytes;
    private final @Nullable PaxAttributes fallback;
    private final LongList sparsePieces;

    /**
     * Starts without any.
     *
     * @param fallback     answers for keys that are not here
     * @param sparsePieces most pieces of a sparse file
     */
    PaxAttributes(@Nullable PaxAttributes fallback, int sparsePieces) {
        this.fallback = fallback;
        this.sparsePieces = new LongList(2 * sparsePieces);
    }

    /** Adds the records of an extended header, each {@code "length key=value\n"}. Later ones replace earlier ones of the same key. */
    void parse(byte[] header) {
        int start = 0;
        while (start < header.length && header[start] != 0) {
            int end = start + recordLength(header, start);
            int key = indexOf(header, ' ', start, end) + 1;
            int equals = indexOf(header, '=', key, end);
            if (equals == key) {
                throw broken("has no key", start);
            }
            if (header[end - 1] != '\n') {
                throw broken("does not end with a newline", start);
            }
            // Latin-1 keeps each byte of a key.
            String name = new String(header, key, equals - key, StandardCharsets.ISO_8859_1);
            put(name, Arrays.copyOfRange(header, equals + 1, end - 1));
            start = end;
        }
    }

    private static int recordLength(byte[] header, int start) {
        long length = 0;
        int at = start;
        while (at < header.length && at < start + MAX_LENGTH_DIGITS && header[at] >= '0' && header[at] <= '9') {
            length = length * 10 + header[at++] - '0';
        }
        if (at == start || at == header.length || header[at] != ' ') {
            throw broken("does not start with its length and a space", start);
        }
        // At least a letter, an equals sign and a newline come after the space.
        if (length < at - start + 3 || length > header.length - start) {
            throw broken("has the impossible length " + length, start);
        }
        return (int) length;
    }

    private static int indexOf(byte[] header, char wanted, int start, int end) {
        for (int i = start; i < end; i++) {
            if (header[i] == wanted) {
                return i;
            }
        }
        throw broken("has no key before an equals sign", start);
    }

    private static IllegalArgumentException broken(String problem, int position) {
        return new IllegalArgumentException("the record at byte " + position + " of its extended header " + problem);
    }

    private void put(String key, byte[] value) {
        if (key.equals(SPARSE_OFFSET) || key.equals(SPARSE_LENGTH)) {
            if ((sparsePieces.size() & 1) != (key.equals(SPARSE_OFFSET) ? 0 : 1)) {
                throw new IllegalArgumentException("offsets and lengths of its sparse pieces do not alternate");
            }
            sparsePieces.add(decimal(key, value));
            return;
        }
        if (key.startsWith(XATTR)) {
            putXattr(plainXattrs, key.substring(XATTR.length()), value);
        } else if (key.startsWith(ENCODED_XATTR)) {
            putXattr(encodedXattrs, key.substring(ENCODED_XATTR.length()), value);
        } else {
            values.put(key, value);
        }
    }

    private void putXattr(Map<String, byte[]> xattrs, String name, byte[] value) {
        xattrs.remove(name);
        xattrs.put(name, value);
        xattrBytes += XATTR_COST + name.length() + value.length;
    }

    /** Returns about how much memory the xattrs take that are here, not those of the fallback, in bytes. */
    long xattrBytes() {
        return xattrBytes;
    }

    /** Returns the pieces that the records of the oldest form for sparse files list. */
    long[] sparsePieces() {
        if ((sparsePieces.size() & 1) != 0) {
            throw new IllegalArgumentException("the last of its sparse pieces has no length");
        }
        return sparsePieces.toArray();
    }

    /** Returns a value; empty if there is none, or if an empty one takes back that of the archive. */
    Optional<byte[]> value(String key) {
        byte[] value = values.get(key);
        if (value == null) {
            return fallback == null ? Optional.empty() : fallback.value(key);
        }
        return value.length == 0 ? Optional.empty() : Optional.of(value);
    }

    /** Returns a value that is a number of at least 0. */
    Optional<Long> number(String key) {
        return value(key).map(value -> decimal(key, value));
    }

    private static long decimal(String key, byte[] value) {
        return decimal(key, value, 0, value.length);
    }

    /** Reads decimal digits. */
    static long decimal(String what, byte[] text, int start, int end) {
        long number = 0;
        boolean right = end > start && end - start < 20;
        for (int i = start; right && i < end; i++) {
            int digit = text[i] - '0';
            right = digit >= 0 && digit <= 9 && number <= (Long.MAX_VALUE - digit) / 10;
            number = number * 10 + digit;
        }
        if (!right) {
            throw new IllegalArgumentException(what + " is no number: "
                    + new String(text, start, Math.min(end - start, 40), StandardCharsets.ISO_8859_1));
        }
        return number;
    }

    /** Returns the xattrs; one that is there in both forms is taken from the plain one. */
    List<Xattr> xattrs() {
        Map<String, byte[]> all = new LinkedHashMap<>();
        collectXattrs(all);
        List<Xattr> xattrs = new ArrayList<>(all.size());
        all.forEach((name, value) -> xattrs.add(new Xattr(name.getBytes(StandardCharsets.ISO_8859_1), value)));
        return xattrs;
    }

    private void collectXattrs(Map<String, byte[]> all) {
        if (fallback != null) {
            fallback.collectXattrs(all);
        }
        encodedXattrs.forEach((name, value) -> all.put(urlDecoded(name), base64Decoded(ENCODED_XATTR + name, value)));
        // GNU tar spells out what a record's key cannot have; who writes the encoded form too does not.
        boolean escaped = encodedXattrs.isEmpty();
        plainXattrs.forEach((name, value) -> all.put(escaped ? unescaped(name) : name, value));
    }

    private static String unescaped(String name) {
        return name.indexOf('%') < 0 ? name : name.replace("%3D", "=").replace("%25", "%");
    }

    private static String urlDecoded(String text) {
        StringBuilder plain = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char letter = text.charAt(i);
            int high = letter == '%' && i + 2 < text.length() ? Character.digit(text.charAt(i + 1), 16) : -1;
            int low = high >= 0 ? Character.digit(text.charAt(i + 2), 16) : -1;
            plain.append(low >= 0 ? (char) (high << 4 | low) : letter);
            i += low >= 0 ? 2 : 0;
        }
        return plain.toString();
    }

    private static byte[] base64Decoded(String key, byte[] value) {
        int end = value.length;
        while (end > 0 && value[end - 1] == '=') {
            end--;
        }
        try {
            return Base64.getDecoder().decode(Arrays.copyOf(value, end));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(key + " is not in base 64", e);
        }
    }
}
