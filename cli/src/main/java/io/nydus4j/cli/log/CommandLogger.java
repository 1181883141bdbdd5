package io.nydus4j.cli.log;

import java.text.MessageFormat;
import java.util.ResourceBundle;
import org.jspecify.annotations.Nullable;

/** A named logger that writes to the command's log. Libraries other than ours log from WARNING on. */
record CommandLogger(String name) implements System.Logger {
    private static final String OURS = "io.nydus4j.";

    @Override
    public String getName() {
        return name;
    }

    @Override
    public boolean isLoggable(Level level) {
        return (name.startsWith(OURS) || level.getSeverity() >= Level.WARNING.getSeverity())
                && CommandLog.isLoggable(level);
    }

    @Override
    public void log(
            Level level, @Nullable ResourceBundle bundle, @Nullable String message, @Nullable Throwable thrown) {
        if (isLoggable(level)) {
            CommandLog.write(level, name, String.valueOf(message), thrown);
        }
    }

    @Override
    public void log(Level level, @Nullable ResourceBundle bundle, @Nullable String format, @Nullable Object... params) {
        if (isLoggable(level)) {
            String text = String.valueOf(format);
            boolean plain = params == null || params.length == 0;
            CommandLog.write(level, name, plain ? text : MessageFormat.format(text, params), null);
        }
    }
}
