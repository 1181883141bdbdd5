package io.nydus4j.daemon.upgrade;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Names a process for good: its id, which the kernel uses again, and when it started.
 *
 * @param id    the process's id
 * @param start when it started, in clock ticks since the machine did
 */
public record ProcessMark(long id, long start) {
    /** Fields of {@code /proc/<id>/stat} after the name in parentheses: the state is the first, the start the twentieth. */
    private static final int START = 19;

    /** Returns this process. */
    public static ProcessMark current() {
        return of(ProcessHandle.current().pid());
    }

    /** Returns the process that has an id now; one that is not {@link #isAlive alive} if there is none. */
    public static ProcessMark of(long id) {
        String[] fields = fields(id);
        return new ProcessMark(id, fields.length == 0 ? -1 : Long.parseLong(fields[START]));
    }

    /** Tells whether the process still runs; one that has ended and is not yet buried does not. */
    public boolean isAlive() {
        String[] fields = fields(id);
        return fields.length > 0
                && !fields[0].equals("Z")
                && !fields[0].equals("X")
                && Long.parseLong(fields[START]) == start;
    }

    private static String[] fields(long id) {
        try {
            String line = Files.readString(Path.of("/proc", Long.toString(id), "stat"), StandardCharsets.ISO_8859_1);
            String[] fields = line.substring(line.lastIndexOf(')') + 2).split(" ", -1);
            return fields.length > START ? fields : new String[0];
        } catch (IOException e) {
            return new String[0]; // there is no such process
        }
    }
}
