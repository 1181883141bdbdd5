package io.nydus4j.rafs;

import java.nio.charset.StandardCharsets;

/**
 * Prints names, paths and link targets, which are bytes, between double quotes and with everything escaped that could disturb a
 * terminal. Mirrors the debug text of Rust's {@code OsStr}, which the reference prints.
 */
public final class QuotedName {
    /** Characters of category Mc and others that join the one before them, as the category does not tell. */
    private static final String JOINING =
            "\u09BE\u09D7\u0B3E\u0B57\u0BBE\u0BD7\u0CC0\u0CC2\u0CC7\u0CC8\u0CCA\u0CCB\u0CD5\u0CD6\u0D3E\u0D57\u0DCF\u0DDF"
                    + "\u1715\u1734\u1B35\u1B3B\u1B3D\u1B43\u1B44\u1BAA\u1BF2\u1BF3\u302E\u302F\uA953\uA9C0\uFF9E\uFF9F";

    private QuotedName() {}

    /**
     * Returns {@code name} in double quotes.
     *
     * @param name any bytes; those that are no UTF-8 come as {@code \xHH}
     */
    public static String of(byte[] name) {
        StringBuilder text = new StringBuilder(name.length + 2);
        text.append('"');
        for (int i = 0; i < name.length; ) {
            int length = sequenceLength(name, i);
            if (length == 0) {
                text.append(String.format("\\x%02X", name[i] & 0xFF));
                i++;
            } else {
                append(text, new String(name, i, length, StandardCharsets.UTF_8).codePointAt(0));
                i += length;
            }
        }
        return text.append('"').toString();
    }

    private static void append(StringBuilder text, int character) {
        switch (character) {
            case '\0' -> text.append("\\0");
            case '\t' -> text.append("\\t");
            case '\r' -> text.append("\\r");
            case '\n' -> text.append("\\n");
            case '\\', '"' -> text.append('\\').append((char) character);
            default -> {
                if (isPlain(character)) {
                    text.appendCodePoint(character);
                } else {
                    text.append("\\u{").append(Integer.toHexString(character)).append('}');
                }
            }
        }
    }

    private static boolean isPlain(int character) {
        if (character >= ' ' && character < 0x7F) {
            return true;
        }
        return switch (Character.getType(character)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SPACE_SEPARATOR,
                    Character.NON_SPACING_MARK,
                    Character.ENCLOSING_MARK -> false;
            default -> JOINING.indexOf(character) < 0;
        };
    }

    /** Returns the length of the UTF-8 sequence at {@code start}, or 0 if there is none. */
    private static int sequenceLength(byte[] bytes, int start) {
        int first = bytes[start] & 0xFF;
        if (first < 0x80) {
            return 1;
        }
        int length = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
        if (length == 0 || length > bytes.length - start) {
            return 0;
        }
        for (int i = 1; i < length; i++) {
            if ((bytes[start + i] & 0xC0) != 0x80) {
                return 0;
            }
        }
        int second = bytes[start + 1] & 0xFF;
        boolean good = switch (first) {
            case 0xE0 -> second >= 0xA0;
            case 0xED -> second < 0xA0;
            case 0xF0 -> second >= 0x90;
            case 0xF4 -> second < 0x90;
            default -> true;
        };
        return good ? length : 0;
    }
}
