package io.nydus4j.cli.progress;

import java.util.Locale;

/** Writes sizes and rates for people. */
public final class Sizes {
    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};

    private Sizes() {}

    /** Returns a rate in the unit that gives one to three digits before the point. */
    public static String perSecond(long bytes, double seconds) {
        return text((double) bytes / Math.max(seconds, 0.001)) + "/s";
    }

    /** Returns {@code bytes} in the unit that gives one to three digits before the point. */
    public static String text(long bytes) {
        return text((double) bytes);
    }

    /** Returns {@code bytes} in the unit that gives one to three digits before the point. */
    private static String text(double bytes) {
        double value = bytes;
        int unit = 0;
        while (value >= 1000 && unit < UNITS.length - 1) {
            value /= 1024;
            unit++;
        }
        return unit == 0
                ? String.format(Locale.ROOT, "%.0f B", value)
                : String.format(Locale.ROOT, "%.1f %s", value, UNITS[unit]);
    }
}
