package io.nydus4j.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Runs commands that look at mounts, since a process should not look at its own. */
public final class Shell {
    private static final int PATIENCE_SECONDS = 120;

    private Shell() {}

    /**
     * What a command did.
     *
     * @param code exit code
     * @param out  standard output, a character a byte
     * @param err  standard error, likewise
     */
    public record Result(int code, String out, String err) {}

    /** Runs a script in a folder, with words for {@code $1} and so on. */
    public static Result run(Path folder, String script, String... words) throws IOException, InterruptedException {
        String[] command = new String[words.length + 4];
        command[0] = "bash";
        command[1] = "-c";
        command[2] = script;
        command[3] = "test";
        System.arraycopy(words, 0, command, 4, words.length);
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
        builder.environment().put("LC_ALL", "C");
        Process process = builder.start();
        String[] err = new String[1];
        // A virtual thread would hold its carrier for as long as the command runs, and servers of tests need those.
        Thread reader = Thread.ofPlatform().start(() -> err[0] = readAll(process.getErrorStream()));
        process.getOutputStream().close();
        String out = readAll(process.getInputStream());
        reader.join();
        assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS))
                .as(script)
                .isTrue();
        return new Result(process.exitValue(), out, err[0]);
    }

    /** Takes away all that is mounted below a folder. */
    public static void unmountBelow(Path folder) throws IOException, InterruptedException {
        run(folder, "grep -o \"$PWD/[^ ]*\" /proc/self/mounts | sort -r | while read -r m; do umount -l \"$m\"; done");
    }

    private static String readAll(InputStream stream) {
        try {
            return new String(stream.readAllBytes(), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** Runs a script that must succeed; returns its output. */
    public static String out(Path folder, String script, String... words) throws IOException, InterruptedException {
        Result result = run(folder, script, words);
        assertThat(result.code()).as(script + "\n" + result.err()).isZero();
        return result.out();
    }
}
