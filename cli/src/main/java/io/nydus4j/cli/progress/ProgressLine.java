package io.nydus4j.cli.progress;

import java.io.PrintStream;
import org.jspecify.annotations.Nullable;

/**
 * One line at the foot of a terminal that says how far long work is; nothing where standard error is no terminal.
 *
 * <p>Safe for use by several threads. The line is redrawn at most ten times a second and removed when closed.
 */
public final class ProgressLine implements AutoCloseable {
    private static final long REDRAW_NANOS = 100_000_000L;

    private final PrintStream out;
    private final boolean terminal;
    private long lastDraw = System.nanoTime() - REDRAW_NANOS;
    private int width;

    /**
     * Starts a line.
     *
     * @param out      where to draw
     * @param terminal whether {@code out} is a terminal; nothing is drawn if not
     */
    public ProgressLine(PrintStream out, boolean terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    /** Tells whether {@link #show} would draw now: what it would be given need not be made up if not. */
    public synchronized boolean isDue() {
        return terminal && System.nanoTime() - lastDraw >= REDRAW_NANOS;
    }

    /**
     * Shows how far the work is.
     *
     * @param stage what is being done
     * @param done  bytes or items done
     * @param total all there are; 0 if unknown
     * @param note  more to say, or null
     */
    public synchronized void show(String stage, long done, long total, @Nullable String note) {
        if (!isDue()) {
            return;
        }
        lastDraw = System.nanoTime();
        StringBuilder line = new StringBuilder(stage);
        if (total > 0) {
            line.append(' ').append(done * 100 / total).append(" %");
        }
        if (note != null) {
            line.append("  ").append(note);
        }
        draw(line.toString());
    }

    private void draw(String line) {
        int length = line.length();
        out.print('\r' + line + " ".repeat(Math.max(0, width - length)));
        out.flush();
        width = length;
    }

    /** Removes the line. */
    @Override
    public synchronized void close() {
        if (terminal && width > 0) {
            out.print('\r' + " ".repeat(width) + '\r');
            out.flush();
            width = 0;
        }
    }
}
