package io.nydus4j.cli.log;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoField;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The log of a command: standard error, or a file that may rotate.
 *
 * <p>A line reads {@code [2024-01-31 12:00:00.123456 +00:00] INFO text}; levels other than INFO name the logger between level and
 * text. One log a process; safe for use by several threads.
 */
public final class CommandLog {
    private static volatile Level level = Level.INFO;

    /** Guards what follows. */
    private static final Object LOCK = new Object();

    private static @Nullable PrintStream file;
    private static @Nullable Path path;
    private static long rotationBytes = Long.MAX_VALUE;
    private static long written;

    private CommandLog() {}

    /** Sets the least level that is written. */
    public static void setLevel(Level least) {
        level = least;
    }

    /**
     * Returns the level that the options call by this name.
     *
     * @param name trace, debug, info, warn or error
     */
    public static Level level(String name) {
        return switch (name.toLowerCase(Locale.ROOT)) {
            case "trace" -> Level.TRACE;
            case "debug" -> Level.DEBUG;
            case "info" -> Level.INFO;
            case "warn" -> Level.WARNING;
            case "error" -> Level.ERROR;
            default -> throw new IllegalArgumentException("no log level " + name);
        };
    }

    /**
     * Sends the log to a file, to which it is appended. The folder is made if absent; a name without extension gets {@code .log}.
     *
     * @param target       the file
     * @param rotateAfter  size in bytes at which the file is put aside as {@code NAME.1}; 0 for never
     * @throws IOException if the file cannot be opened
     */
    public static void toFile(Path target, long rotateAfter) throws IOException {
        Path absolute = target.toAbsolutePath();
        String name = String.valueOf(absolute.getFileName());
        if (name.lastIndexOf('.') <= 0) {
            absolute = absolute.resolveSibling(name + ".log");
        }
        Path parent = absolute.getParent();
        if (parent != null) {
            Files.createDirectories(parent);
        }
        synchronized (LOCK) {
            path = absolute;
            rotationBytes = rotateAfter <= 0 ? Long.MAX_VALUE : rotateAfter;
            open(absolute);
        }
    }

    private static void open(Path target) throws IOException {
        file = new PrintStream(
                new BufferedOutputStream(
                        Files.newOutputStream(target, StandardOpenOption.CREATE, StandardOpenOption.APPEND)),
                false,
                StandardCharsets.UTF_8);
        written = Files.size(target);
    }

    static boolean isLoggable(Level asked) {
        return asked != Level.OFF && asked.getSeverity() >= level.getSeverity();
    }

    static void write(Level at, String logger, String text, @Nullable Throwable thrown) {
        StringBuilder line = new StringBuilder(96);
        appendTime(line, ZonedDateTime.now(ZoneId.systemDefault()));
        line.append(' ').append(at == Level.WARNING ? "WARN" : at.getName());
        if (at != Level.INFO) {
            line.append(" [").append(logger).append(']');
        }
        line.append(' ').append(text);
        if (thrown != null) {
            line.append(": ").append(thrown.getMessage() == null ? thrown.toString() : thrown.getMessage());
        }
        synchronized (LOCK) {
            PrintStream target = file == null ? System.err : file;
            target.println(line);
            target.flush();
            written += line.length() + 1;
            if (file != null && written >= rotationBytes) {
                rotate();
            }
            if (thrown != null && level == Level.TRACE) {
                thrown.printStackTrace(target);
            }
        }
    }

    private static void rotate() {
        Path current = path;
        if (file == null || current == null) {
            return;
        }
        file.close();
        try {
            Files.move(
                    current, current.resolveSibling(current.getFileName() + ".1"), StandardCopyOption.REPLACE_EXISTING);
            open(current);
        } catch (IOException e) {
            file = null;
            System.err.println("log file " + current + " cannot be rotated: " + e.getMessage());
        }
    }

    private static void appendTime(StringBuilder line, ZonedDateTime now) {
        int offset = now.getOffset().getTotalSeconds() / 60;
        line.append('[');
        digits(line, now.getYear(), 4).append('-');
        digits(line, now.getMonthValue(), 2).append('-');
        digits(line, now.getDayOfMonth(), 2).append(' ');
        digits(line, now.getHour(), 2).append(':');
        digits(line, now.getMinute(), 2).append(':');
        digits(line, now.getSecond(), 2).append('.');
        digits(line, now.get(ChronoField.MICRO_OF_SECOND), 6).append(offset < 0 ? " -" : " +");
        digits(line, Math.abs(offset) / 60, 2).append(':');
        digits(line, Math.abs(offset) % 60, 2).append(']');
    }

    private static StringBuilder digits(StringBuilder line, int value, int width) {
        for (int power = (int) Math.pow(10, width - 1); power > 0; power /= 10) {
            line.append((char) ('0' + value / power % 10));
        }
        return line;
    }
}
