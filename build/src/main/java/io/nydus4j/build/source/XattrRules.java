package io.nydus4j.build.source;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** Which xattrs an image can hold. Mirrors {@code RafsXAttrs::add} of the reference. */
public final class XattrRules {
    private static final int MAX_NAME = 255;
    private static final int MAX_VALUE = 65536;
    private static final List<byte[]> PREFIXES = List.of(
            ascii("user."),
            ascii("security."),
            ascii("trusted."),
            ascii("system.posix_acl_access"),
            ascii("system.posix_acl_default"));

    private XattrRules() {}

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** Tells whether an image can hold an xattr of this name. */
    public static boolean isAllowed(byte[] name) {
        for (byte[] prefix : PREFIXES) {
            if (name.length >= prefix.length && Arrays.equals(name, 0, prefix.length, prefix, 0, prefix.length)) {
                return true;
            }
        }
        return false;
    }

    /** Tells whether name and value are short enough. */
    public static boolean fits(byte[] name, byte[] value) {
        return name.length <= MAX_NAME && value.length <= MAX_VALUE;
    }
}
