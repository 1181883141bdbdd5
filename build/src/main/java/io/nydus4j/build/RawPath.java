package io.nydus4j.build;

import java.io.ByteArrayOutputStream;
import java.nio.file.Path;

/** The bytes of a path, whatever the locale makes of its text. */
final class RawPath {
    private RawPath() {}

    /** Returns the absolute path as the bytes that the kernel takes. */
    static byte[] bytes(Path path) {
        // A URI escapes the bytes themselves; the path's text would have lost those that are not text in the locale.
        String escaped = path.toAbsolutePath().toUri().getRawPath();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(escaped.length());
        for (int i = 0; i < escaped.length(); i++) {
            char c = escaped.charAt(i);
            if (c == '%') {
                bytes.write(Integer.parseInt(escaped, i + 1, i + 3, 16));
                i += 2;
            } else {
                bytes.write(c);
            }
        }
        return bytes.toByteArray();
    }
}
