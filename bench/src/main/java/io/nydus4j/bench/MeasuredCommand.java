package io.nydus4j.bench;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * What a command took.
 *
 * @param wallSeconds      from its start to its end
 * @param processorSeconds processor time of all its threads, a few hundredths of a second too little: the last look is before its end
 * @param peakKib          the most memory that was resident, in KiB, at the last look
 */
record MeasuredCommand(double wallSeconds, double processorSeconds, long peakKib) {
    /** Time between two looks at the process. */
    private static final int LOOK_MILLIS = 10;

    private static final String PEAK = "VmHWM:";

    /**
     * Runs a command whose output nobody wants.
     *
     * @throws IOException if it cannot be started or does not succeed
     */
    static MeasuredCommand run(List<String> command) throws IOException, InterruptedException {
        long start = System.nanoTime();
        Process process = new ProcessBuilder(command)
                .redirectOutput(Redirect.DISCARD)
                .redirectError(Redirect.DISCARD)
                .start();
        Path status = Path.of("/proc/" + process.pid() + "/status");
        long peak = 0;
        Duration processor = Duration.ZERO;
        while (!process.waitFor(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
            peak = Math.max(peak, peakOf(status));
            processor = process.info().totalCpuDuration().orElse(processor);
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        if (process.exitValue() != 0) {
            throw new IOException("exit code " + process.exitValue() + ": " + String.join(" ", command));
        }
        return new MeasuredCommand(seconds, processor.toMillis() / 1e3, peak);
    }

    private static long peakOf(Path status) {
        try {
            for (String line : Files.readAllLines(status)) {
                if (line.startsWith(PEAK)) {
                    return Long.parseLong(
                            line.substring(PEAK.length()).replace("kB", "").trim());
                }
            }
        } catch (IOException e) {
            // It has just ended.
        }
        return 0;
    }
}
