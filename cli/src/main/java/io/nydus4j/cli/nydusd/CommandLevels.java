package io.nydus4j.cli.nydusd;

import io.nydus4j.cli.log.CommandLog;
import java.lang.System.Logger.Level;

/** Sets the command's log level by the names of the API. */
final class CommandLevels {
    private CommandLevels() {}

    /** Sets the level; {@code off} is one, too. */
    static void set(String level) {
        CommandLog.setLevel(level.equals("off") ? Level.OFF : CommandLog.level(level));
    }
}
