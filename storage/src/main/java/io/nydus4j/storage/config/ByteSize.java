package io.nydus4j.storage.config;

import java.util.Locale;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads numbers of bytes with a unit. */
final class ByteSize {
    private static final Pattern TEXT = Pattern.compile("([0-9]{1,18}) *(?:([KMGT])(I?)B?|B)?");
    private static final String UNITS = "KMGT";

    private ByteSize() {}

    /**
     * Reads a number of bytes: digits, and a unit if there is one, in letters of any case. {@code K}, {@code M}, {@code G}, {@code T} and
     * those with {@code iB} count in steps of 1024, those with a mere {@code B} in steps of 1000.
     *
     * @return empty if it is none, or too large
     */
    static OptionalLong parse(String text) {
        Matcher matcher = TEXT.matcher(text.strip().toUpperCase(Locale.ROOT));
        if (!matcher.matches()) {
            return OptionalLong.empty();
        }
        String unit = matcher.group(2);
        long step = matcher.group(0).endsWith("B") && !"I".equals(matcher.group(3)) ? 1000 : 1024;
        long bytes = Long.parseLong(matcher.group(1));
        for (int i = unit == null ? -1 : UNITS.indexOf(unit); i >= 0; i--) {
            if (bytes > Long.MAX_VALUE / step) {
                return OptionalLong.empty();
            }
            bytes *= step;
        }
        return OptionalLong.of(bytes);
    }
}
