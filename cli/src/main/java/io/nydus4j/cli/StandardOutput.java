package io.nydus4j.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Standard output of a command, which remembers why it could not be written: a {@link PrintStream} tells nobody, and what was printed to a
 * full disk would be taken for all there is. Used by one thread.
 */
public final class StandardOutput extends OutputStream {
    /** Listings of big images are hundreds of thousands of lines. */
    private static final int BUFFER = 1 << 16;

    private final OutputStream out = new FileOutputStream(FileDescriptor.out);
    private @Nullable IOException failure;

    /** Returns a stream for text that is not flushed by itself; to be had once. */
    public PrintStream print() {
        return new PrintStream(new BufferedOutputStream(this, BUFFER), false, StandardCharsets.UTF_8);
    }

    @Override
    public void write(int octet) throws IOException {
        write(new byte[] {(byte) octet}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        try {
            out.write(bytes, offset, length);
        } catch (IOException e) {
            if (failure == null) {
                failure = e;
            }
            throw e;
        }
    }

    /**
     * Returns the exit code of a command that has printed all and would return {@code code}: a failure to print is one of the command. A
     * reader that wanted no more is none.
     */
    public int exitCode(int code, PrintStream err) {
        IOException cause = failure;
        if (cause == null || "Broken pipe".equals(cause.getMessage())) {
            return code;
        }
        err.println("Error: failed to write standard output: " + cause.getMessage());
        return code == 0 ? 1 : code;
    }
}
