package io.nydus4j.cli.progress;

import io.nydus4j.build.ProgressListener;
import java.io.PrintStream;
import java.util.Locale;

/** Shows on a terminal how far a build, check or unpack is. */
public final class BuildProgress implements ProgressListener, AutoCloseable {
    private final ProgressLine line;
    private final long start = System.nanoTime();

    /**
     * Starts a line.
     *
     * @param out      where to draw
     * @param terminal whether {@code out} is a terminal; nothing is drawn if not
     */
    public BuildProgress(PrintStream out, boolean terminal) {
        line = new ProgressLine(out, terminal);
    }

    @Override
    public void progress(Step step, long done, long total) {
        if (!line.isDue()) {
            return; // called for each directory and each megabyte
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        boolean names = step == Step.SCAN || step == Step.CHECK || step == Step.REPACK;
        String note = names
                ? String.format(Locale.ROOT, "%,d", done)
                : Sizes.text(done) + ", " + Sizes.perSecond(done, seconds);
        line.show(word(step), done, total, note);
    }

    private static String word(Step step) {
        return switch (step) {
            case SCAN -> "reading the tree";
            case STORE -> "storing data";
            case BOOTSTRAP -> "writing metadata";
            case CHECK -> "checking metadata";
            case VERIFY -> "verifying data";
            case UNPACK -> "unpacking";
            case EXPORT -> "exporting";
            case REPACK -> "copying chunks";
        };
    }

    @Override
    public void close() {
        line.close();
    }
}
