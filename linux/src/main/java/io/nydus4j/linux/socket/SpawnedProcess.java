package io.nydus4j.linux.socket;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.RawBytes;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.DirectoryEntry;
import io.nydus4j.linux.file.DirectoryListing;
import io.nydus4j.linux.file.PosixFiles;
import io.nydus4j.linux.libc.Fcntl;
import io.nydus4j.linux.libc.Libc;
import io.nydus4j.linux.libc.Scratch;
import io.nydus4j.linux.libc.Signal;
import io.nydus4j.linux.libc.Spawn;
import io.nydus4j.linux.libc.SysWait;
import io.nydus4j.linux.libc.Unistd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A child process that was given chosen descriptors, which {@link ProcessBuilder} cannot do.
 *
 * <p>The child has the standard streams of this process unless they are among the chosen ones, and no other descriptor of it.
 */
public final class SpawnedProcess {
    private static final int F_DUPFD_CLOEXEC = 1030;
    private static final int FIRST_FREE = 3;

    private final int id;

    private SpawnedProcess(int id) {
        this.id = id;
    }

    /**
     * Starts a program.
     *
     * @param command     the program, looked up in {@code PATH}, and its arguments, in the scheme of {@link RawBytes}
     * @param environment variables to add to this process's environment, or to replace there
     * @param placed      descriptors by the numbers they shall have in the child; they stay the caller's
     * @throws ErrnoException if the program cannot be started, {@code ENOENT} if there is none
     */
    public static SpawnedProcess start(
            List<String> command, Map<String, String> environment, Map<Integer, Descriptor> placed)
            throws ErrnoException {
        SortedMap<Integer, Descriptor> targets = new TreeMap<>(placed);
        int end = targets.isEmpty() ? FIRST_FREE : Math.max(FIRST_FREE, targets.lastKey() + 1);
        List<Descriptor> sources = new ArrayList<>();
        try (Arena arena = Arena.ofConfined();
                Scratch scratch = Scratch.take()) {
            long actions = arena.allocate(Spawn.FILE_ACTIONS_SIZE, 16).address();
            check("posix_spawn_file_actions_init", Spawn.fileActionsInit(scratch, actions));
            try {
                for (Map.Entry<Integer, Descriptor> target : targets.entrySet()) {
                    Descriptor source = above(scratch, target.getValue(), end);
                    sources.add(source);
                    check("adddup2", Spawn.addDup2(scratch, actions, source.number(), target.getKey()));
                }
                closeOthers(scratch, actions, targets, end);
                return spawn(scratch, arena, command, environment, actions);
            } finally {
                Spawn.fileActionsDestroy(scratch, actions);
            }
        } finally {
            for (Descriptor source : sources) {
                source.close();
            }
        }
    }

    /** Duplicates out of the way of the numbers that the child's descriptors shall get. */
    private static Descriptor above(Scratch scratch, Descriptor descriptor, int least) throws ErrnoException {
        int number = Fcntl.fcntl(scratch, descriptor.number(), F_DUPFD_CLOEXEC, least);
        return Descriptor.adopt(check("dup", number));
    }

    private static void closeOthers(Scratch scratch, long actions, SortedMap<Integer, Descriptor> targets, int end)
            throws ErrnoException {
        for (int number = FIRST_FREE; number < end; number++) {
            if (!targets.containsKey(number)) {
                check("addclose", Spawn.addClose(scratch, actions, number));
            }
        }
        if (Spawn.hasCloseFrom()) {
            check("addclosefrom", Spawn.addCloseFrom(scratch, actions, end));
            return;
        }
        for (int number : openNumbers()) { // those that are opened from now on close at exec, if they are ours
            if (number >= end) {
                check("addclose", Spawn.addClose(scratch, actions, number));
            }
        }
    }

    private static List<Integer> openNumbers() throws ErrnoException {
        List<Integer> numbers = new ArrayList<>();
        byte[] table = "/proc/self/fd".getBytes(StandardCharsets.US_ASCII);
        try (Descriptor directory = PosixFiles.openDirectory(Descriptor.WORKING_DIRECTORY, table)) {
            for (DirectoryEntry entry : DirectoryListing.list(directory)) {
                numbers.add(Integer.parseInt(RawBytes.text(entry.name())));
            }
            numbers.remove((Integer) directory.number());
        }
        return numbers;
    }

    private static SpawnedProcess spawn(
            Scratch scratch, Arena arena, List<String> command, Map<String, String> environment, long actions)
            throws ErrnoException {
        List<Long> arguments = new ArrayList<>();
        for (String word : command) {
            arguments.add(string(arena, word));
        }
        byte[] program = RawBytes.bytes(command.getFirst());
        long variables = pointers(arena, environment(arena, environment));
        long process = scratch.struct();
        int result =
                Spawn.spawnp(scratch, process, arguments.getFirst(), actions, pointers(arena, arguments), variables);
        if (result < 0) {
            throw new ErrnoException("posix_spawn", program, -result);
        }
        return new SpawnedProcess(Libc.MEMORY.get(JAVA_INT, process));
    }

    private static List<Long> environment(Arena arena, Map<String, String> added) {
        List<Long> variables = new ArrayList<>();
        added.forEach((name, value) -> variables.add(string(arena, name + "=" + value)));
        long at = Unistd.environ();
        for (long variable; (variable = Libc.MEMORY.get(JAVA_LONG, at)) != 0; at += Long.BYTES) {
            String text = Libc.MEMORY.getString(variable, StandardCharsets.ISO_8859_1);
            int equals = text.indexOf('=');
            if (equals < 0 || !added.containsKey(text.substring(0, equals))) {
                variables.add(variable);
            }
        }
        return variables;
    }

    private static long string(Arena arena, String text) {
        byte[] bytes = RawBytes.bytes(text);
        MemorySegment memory = arena.allocate(bytes.length + 1L);
        MemorySegment.copy(bytes, 0, memory, JAVA_BYTE, 0, bytes.length);
        return memory.address();
    }

    private static long pointers(Arena arena, List<Long> addresses) {
        MemorySegment memory = arena.allocate(JAVA_LONG, addresses.size() + 1L);
        for (int i = 0; i < addresses.size(); i++) {
            memory.setAtIndex(JAVA_LONG, i, addresses.get(i));
        }
        return memory.address();
    }

    /** Returns the process's id. */
    public int id() {
        return id;
    }

    /**
     * Waits for the process to end and frees its entry in the process table; holds on to the platform thread. To be called once.
     *
     * @return the exit status, or 128 and the number of the signal that ended it
     */
    public int waitFor() throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            int result;
            do {
                result = SysWait.waitpid(scratch, id, scratch.struct(), 0);
            } while (result == -Errno.EINTR);
            check("waitpid", result);
            int status = Libc.MEMORY.get(JAVA_INT, scratch.struct());
            int signal = status & 0x7F;
            return signal == 0 ? status >> 8 & 0xFF : 128 + signal;
        }
    }

    /** Sends a signal to the process, such as 15 to end it. */
    public void signal(int signal) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            check("kill", Signal.kill(scratch, id, signal));
        }
    }

    private static int check(String call, int result) throws ErrnoException {
        return UnixSocket.check(call, result);
    }
}
