package io.nydus4j.linux;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * Runs a program and keeps what it printed.
 *
 * @param status its exit status
 * @param output what it printed, both streams in one
 */
@SuppressWarnings("ArrayRecordComponent")
public record Command(int status, byte[] output) {
    private static final int TIMEOUT_SECONDS = 60;

    /** Runs a program in the root directory, in the C locale. */
    public static Command run(String... words) throws IOException {
        return run(Path.of("/"), words);
    }

    /** Runs a program in a directory, in the C locale, and kills it after a minute. */
    public static Command run(Path directory, String... words) throws IOException {
        ProcessBuilder builder =
                new ProcessBuilder(words).redirectErrorStream(true).directory(directory.toFile());
        builder.environment().put("LC_ALL", "C");
        Process process = builder.start();
        Thread.ofVirtual().start(() -> {
            try {
                if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        try {
            process.getOutputStream().close();
            byte[] output = process.getInputStream().readAllBytes();
            return new Command(process.waitFor(), output);
        } catch (InterruptedException e) {
            throw new UncheckedIOException(new IOException(e));
        }
    }

    /** Returns the output as text, one char per byte, without blanks around it. */
    public String text() {
        return new String(output, StandardCharsets.ISO_8859_1).strip();
    }
}
