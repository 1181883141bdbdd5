package io.nydus4j.linux;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * Text that carries any bytes: UTF-8 where the bytes are UTF-8, and one lone surrogate (U+DC80 to U+DCFF) for each byte that is not.
 *
 * <p>Linux names are bytes. As text of this kind they survive option parsers and string handling whatever the locale is, and
 * {@link #bytes} gives exactly the bytes back. Python calls the same scheme "surrogateescape".
 */
public final class RawBytes {
    private static final int ESCAPE = 0xDC00;

    private RawBytes() {}

    /**
     * Decodes bytes into text from which {@link #bytes} restores them.
     *
     * @param bytes any bytes
     * @return the text; it has lone surrogates where the bytes are not UTF-8
     */
    public static String text(byte[] bytes) {
        CharsetDecoder decoder = StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CharBuffer out = CharBuffer.allocate(bytes.length); // UTF-8 never has more units than bytes
        while (true) {
            CoderResult result = decoder.decode(in, out, true);
            if (!result.isError()) {
                return out.flip().toString();
            }
            for (int i = 0; i < result.length(); i++) {
                out.put((char) (ESCAPE + (in.get() & 0xFF)));
            }
        }
    }

    /**
     * Encodes text as UTF-8, lone surrogates from {@link #text} as the single bytes they stand for.
     *
     * @param text any text
     * @return its bytes; other lone surrogates become {@code '?'}
     */
    public static byte[] bytes(String text) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(text.length() + 16);
        int plain = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++; // a pair is one character of the text, not an escaped byte
            } else if (c >= ESCAPE + 0x80 && c <= ESCAPE + 0xFF) {
                out.writeBytes(text.substring(plain, i).getBytes(StandardCharsets.UTF_8));
                out.write(c - ESCAPE);
                plain = i + 1;
            }
        }
        out.writeBytes(text.substring(plain).getBytes(StandardCharsets.UTF_8));
        return out.toByteArray();
    }

    /**
     * Renders bytes for a message: UTF-8 as it is, control characters, quotes and other bytes escaped.
     *
     * @param bytes any bytes
     * @return one line, in double quotes
     */
    public static String printable(byte[] bytes) {
        StringBuilder out = new StringBuilder(bytes.length + 2).append('"');
        text(bytes).chars().forEach(c -> {
            if (c == '"' || c == '\\') {
                out.append('\\').append((char) c);
            } else if (c >= ESCAPE + 0x80 && c <= ESCAPE + 0xFF && !pairs(out)) {
                out.append(String.format("\\x%02x", c - ESCAPE));
            } else if (c < 0x20 || c == 0x7F) {
                out.append(String.format("\\x%02x", c));
            } else {
                out.append((char) c);
            }
        });
        return out.append('"').toString();
    }

    private static boolean pairs(StringBuilder out) {
        return Character.isHighSurrogate(out.charAt(out.length() - 1));
    }
}
