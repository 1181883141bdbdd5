package io.nydus4j.cli.nydusd;

import io.nydus4j.cli.option.Arguments;
import io.nydus4j.cli.option.UsageException;
import java.time.Duration;
import java.util.Optional;

/** How long a mount waits for another daemon when its own has died. */
final class OrphanPatience {
    private static final String OPTION = "--unmount-on-orphan";

    private OrphanPatience() {}

    /**
     * Returns what the user wants; empty if the mount shall wait for good.
     *
     * @throws UsageException if it is no number of seconds, or the mount goes through FUSE
     */
    static Optional<Duration> of(Arguments arguments) throws UsageException {
        if (!arguments.has(OPTION)) {
            return Optional.empty();
        }
        if (arguments.text("--driver").equals("fuse") && !arguments.has("--experimental-composefs")) {
            throw new UsageException(
                    "'" + OPTION + "' is for images that the kernel serves by itself: it needs '--driver erofs',"
                            + " '--driver auto' or '--experimental-composefs'",
                    true);
        }
        String text = arguments.text(OPTION);
        try {
            int seconds = Integer.parseInt(text);
            if (seconds > 0 && !text.startsWith("+")) {
                return Optional.of(Duration.ofSeconds(seconds));
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new UsageException(
                "invalid value '%s' for '%s <unmount-on-orphan>': a number of seconds from 1 to %d"
                        .formatted(text, OPTION, Integer.MAX_VALUE),
                false);
    }
}
