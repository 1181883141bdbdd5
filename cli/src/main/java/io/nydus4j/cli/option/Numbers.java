package io.nydus4j.cli.option;

/** Reads numbers as the reference's commands take them: no spaces, no underscores, no units. */
public final class Numbers {
    private Numbers() {}

    /**
     * Reads a decimal number.
     *
     * @param mistake what to say if {@code text} is none
     * @throws IllegalArgumentException if {@code text} is no number from 0 to 2^63 - 1
     */
    public static long decimal(String text, String mistake) {
        return parse(text, 10, mistake);
    }

    /** Reads a hexadecimal number, {@code 0x} in front or not. */
    public static long hexadecimal(String text, String mistake) {
        String digits = text;
        while (digits.startsWith("0x")) {
            digits = digits.substring(2);
        }
        return parse(digits, 16, mistake);
    }

    /** Reads a number of up to 31 bits, decimal or hexadecimal after {@code 0x} or {@code 0X}. */
    public static int size(String text, String mistake) {
        boolean hexadecimal = text.startsWith("0x") || text.startsWith("0X");
        long value = hexadecimal ? parse(text.substring(2), 16, mistake) : parse(text, 10, mistake);
        if (value > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(mistake + ": number too large");
        }
        return (int) value;
    }

    private static long parse(String text, int radix, String mistake) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException(mistake + ": cannot parse integer from empty string");
        }
        try {
            long value = Long.parseLong(text, radix);
            if (value < 0 || text.startsWith("-")) {
                throw new IllegalArgumentException(mistake + ": invalid digit found in string");
            }
            return value;
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(mistake + ": invalid digit found in string", e);
        }
    }
}
