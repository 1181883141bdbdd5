package io.nydus4j.cli.nydusctl;

import io.nydus4j.daemon.api.JsonValue;
import java.math.BigDecimal;

/** Pieces of the reports: labels and cells of fixed width, numbers as the reference prints them. */
final class Columns {
    /** Headings of the 8 classes of request sizes. */
    static final String[] SIZES = {"<1K", "1K~", "4K~", "16K~", "64K~", "128K~", "512K~", "1M~"};

    private static final int CELL = 8;

    private Columns() {}

    /** Appends text, padded with blanks. */
    static void cell(StringBuilder report, String text, int width) {
        report.append(text);
        report.repeat(" ", Math.max(0, width - text.length()));
    }

    /** Appends a line of a label and 8 cells. */
    static void line(StringBuilder report, String label, int width, String... cells) {
        cell(report, label, width);
        for (String text : cells) {
            cell(report, text, CELL);
        }
        report.append('\n');
    }

    /** Returns numbers as cells. */
    static String[] cells(long[] values) {
        String[] cells = new String[values.length];
        for (int i = 0; i < cells.length; i++) {
            cells[i] = Long.toUnsignedString(values[i]);
        }
        return cells;
    }

    /** Returns the quotients of two arrays, 0 where the divisor is 0. */
    static long[] quotients(long[] dividends, long[] divisors) {
        long[] quotients = new long[Math.min(dividends.length, divisors.length)];
        for (int i = 0; i < quotients.length; i++) {
            quotients[i] = quotient(dividends[i], divisors[i]);
        }
        return quotients;
    }

    /** Returns a quotient, 0 if the divisor is 0. */
    static long quotient(long dividend, long divisor) {
        return divisor == 0 ? 0 : Long.divideUnsigned(dividend, divisor);
    }

    /** Returns a decimal in the shortest form that is exact, without an exponent; {@code NaN} and {@code inf} as such. */
    static String decimal(double value) {
        if (Double.isNaN(value)) {
            return "NaN";
        }
        if (Double.isInfinite(value)) {
            return value > 0 ? "inf" : "-inf";
        }
        String text = new BigDecimal(Double.toString(value)).toPlainString();
        return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
    }

    /** Returns a member as a number of a document. */
    static long number(JsonValue document, String name) {
        return document.get(name).number();
    }
}
