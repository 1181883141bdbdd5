package io.nydus4j.linux;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The command line as the bytes the user typed.
 *
 * <p>The JVM decodes arguments by the locale and replaces what does not fit: under {@code LC_ALL=C} every byte past 127. The kernel
 * still has them, so {@link #recover} takes them from {@code /proc/self/cmdline}, whose last entries are the arguments of
 * {@code main}.
 */
public final class RawArguments {
    private static final Path COMMAND_LINE = Path.of("/proc/self/cmdline");

    private RawArguments() {}

    /**
     * Turns the arguments of {@code main} into text that keeps their bytes, to be turned back by {@link RawBytes#bytes}.
     *
     * <p>Where the kernel's list cannot be read or does not agree with {@code arguments} (a program that calls {@code main} itself),
     * the arguments stay as they are.
     *
     * @param arguments what {@code main} was given; not changed
     * @return as many texts, in the scheme of {@link RawBytes}
     */
    public static String[] recover(String[] arguments) {
        try {
            return recover(arguments, Files.readAllBytes(COMMAND_LINE), Charset.forName(jvmEncoding()));
        } catch (IOException | IllegalArgumentException e) {
            return arguments.clone();
        }
    }

    static String[] recover(String[] arguments, byte[] commandLine, Charset jvmCharset) {
        List<byte[]> entries = split(commandLine);
        int first = entries.size() - arguments.length;
        if (first < 1) { // the first entry is the launcher itself
            return arguments.clone();
        }
        String[] recovered = new String[arguments.length];
        for (int i = 0; i < arguments.length; i++) {
            byte[] raw = entries.get(first + i);
            if (!new String(raw, jvmCharset).equals(arguments[i])) {
                return arguments.clone();
            }
            recovered[i] = RawBytes.text(raw);
        }
        return recovered;
    }

    private static List<byte[]> split(byte[] commandLine) {
        List<byte[]> entries = new ArrayList<>();
        int start = 0;
        for (int i = 0; i < commandLine.length; i++) {
            if (commandLine[i] == 0) {
                entries.add(Arrays.copyOfRange(commandLine, start, i));
                start = i + 1;
            }
        }
        return entries;
    }

    private static String jvmEncoding() {
        String encoding = System.getProperty("sun.jnu.encoding");
        return encoding == null ? Charset.defaultCharset().name() : encoding;
    }
}
