package io.nydus4j.linux.file;

import io.nydus4j.linux.RawBytes;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * Turns paths into the bytes the kernel sees, and back, whatever the locale is.
 *
 * <p>A {@code Path} of the default file system holds its bytes, but {@code Path.of} and {@code toString} pass them through the
 * locale's charset: under {@code LC_ALL=C} the first throws and the second loses everything past ASCII. The URI form keeps each byte,
 * so that is the way in and out.
 */
public final class NativePath {
    private static final String SCHEME = "file://";

    private NativePath() {}

    /**
     * Returns the bytes of a path of the default file system.
     *
     * @return the path's bytes, relative where the path is
     */
    public static byte[] bytes(Path path) {
        String text = path.toString();
        if (text.chars().allMatch(c -> c > 0 && c < 0x80 && c != '?')) { // '?' may stand for a byte that was lost
            return text.getBytes(StandardCharsets.US_ASCII);
        }
        byte[] absolute = uriBytes(path);
        if (path.isAbsolute()) {
            return absolute;
        }
        int start = uriBytes(path.getFileSystem().getPath("")).length;
        return Arrays.copyOfRange(absolute, start == 1 ? 1 : start + 1, absolute.length);
    }

    /**
     * Returns the bytes of a path in the scheme of {@link RawBytes}, such as an option of the command line.
     *
     * @param text an argument that {@link io.nydus4j.linux.RawArguments} recovered
     */
    public static byte[] bytes(String text) {
        return RawBytes.bytes(text);
    }

    /** Tells whether a path is another or below it; both are absolute, without {@code ..} and symbolic links. */
    public static boolean holds(byte[] above, byte[] below) {
        int length = above.length == 1 ? 0 : above.length; // the root ends with a slash, which others have in front
        return below.length >= length
                && Arrays.equals(above, 0, length, below, 0, length)
                && (below.length == length || below[length] == '/');
    }

    /**
     * Makes a path of the default file system from its bytes, which need not be text.
     *
     * @param bytes the path's bytes, absolute or relative, without a NUL
     * @throws IllegalArgumentException if there is a NUL
     */
    public static Path path(byte[] bytes) {
        if (bytes.length == 0) {
            return Path.of("");
        }
        boolean absolute = bytes[0] == '/';
        StringBuilder uri = new StringBuilder(SCHEME).append(absolute ? "" : "/");
        for (byte b : bytes) {
            if (b == '/') {
                uri.append('/');
            } else {
                uri.append('%').append(HexFormat.of().toHexDigits(b));
            }
        }
        Path path = Path.of(URI.create(uri.toString()));
        return absolute || path.getNameCount() == 0 ? path : path.subpath(0, path.getNameCount());
    }

    /** Makes a path of the default file system from text in the scheme of {@link RawBytes}; see {@link #path(byte[])}. */
    public static Path path(String text) {
        return path(RawBytes.bytes(text));
    }

    private static byte[] uriBytes(Path path) {
        String raw = path.toUri().getRawPath();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(raw.length());
        for (int i = 0; i < raw.length(); i++) {
            if (raw.charAt(i) == '%') {
                bytes.write(HexFormat.fromHexDigits(raw, i + 1, i + 3));
                i += 2;
            } else {
                bytes.write(raw.charAt(i));
            }
        }
        byte[] result = bytes.toByteArray();
        boolean slashAdded = result.length > 1 && result[result.length - 1] == '/'; // directories get one
        return slashAdded ? Arrays.copyOf(result, result.length - 1) : result;
    }
}
