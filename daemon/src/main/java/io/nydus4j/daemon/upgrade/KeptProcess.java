package io.nydus4j.daemon.upgrade;

import io.nydus4j.daemon.api.JsonValue;
import io.nydus4j.daemon.api.JsonValue.JsonNumber;
import io.nydus4j.daemon.api.JsonValue.JsonObject;
import io.nydus4j.daemon.api.JsonValue.JsonString;
import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.OpenFlags;
import io.nydus4j.linux.file.PosixFiles;
import io.nydus4j.linux.socket.ProcessDescriptors;
import io.nydus4j.linux.socket.Readiness;
import io.nydus4j.linux.socket.SpawnedProcess;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A process that has descriptors of ours and outlives us. Which process that is, and which number each descriptor has there, stands in a
 * file of the run folder.
 */
final class KeptProcess {
    private static final Logger LOG = System.getLogger(KeptProcess.class.getName());
    /** A session of its own keeps it from signals of the terminal. */
    private static final String DETACHED = "setsid";

    private static final byte[] NOTHING = "/dev/null".getBytes(StandardCharsets.US_ASCII);
    private static final int FIRST_NUMBER = 3;
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final ProcessMark mark;
    private final SortedMap<String, Integer> numbers;
    /** Empty if a predecessor started it. */
    private final Optional<SpawnedProcess> child;

    private KeptProcess(ProcessMark mark, SortedMap<String, Integer> numbers, Optional<SpawnedProcess> child) {
        this.mark = mark;
        this.numbers = numbers;
        this.child = child;
    }

    /**
     * Starts a process and writes down which it is, in the place of the one before.
     *
     * @param command     the program and its arguments
     * @param descriptors what it gets, by names; the first in their order has the number 3 there, the next one 4. They stay the caller's
     */
    static KeptProcess start(RunFolder folder, String file, List<String> command, Map<String, Descriptor> descriptors)
            throws IOException {
        SortedMap<String, Integer> numbers = new TreeMap<>();
        Map<Integer, Descriptor> placed = new HashMap<>();
        for (Map.Entry<String, Descriptor> descriptor : new TreeMap<>(descriptors).entrySet()) {
            int number = FIRST_NUMBER + numbers.size();
            numbers.put(descriptor.getKey(), number);
            placed.put(number, descriptor.getValue());
        }
        SpawnedProcess child = spawn(command, placed);
        KeptProcess process = new KeptProcess(ProcessMark.of(child.id()), numbers, Optional.of(child));
        folder.write(file, process.json().toJson().getBytes(StandardCharsets.UTF_8));
        return process;
    }

    /** Starts the process; its standard streams are not ours, or whoever reads ours would wait for their end. */
    private static SpawnedProcess spawn(List<String> command, Map<Integer, Descriptor> placed) throws ErrnoException {
        try (Descriptor nothing = PosixFiles.open(Descriptor.WORKING_DIRECTORY, NOTHING, OpenFlags.READ_WRITE, 0)) {
            Map<Integer, Descriptor> all = new HashMap<>(placed);
            for (int number = 0; number < FIRST_NUMBER; number++) {
                all.put(number, nothing);
            }
            List<String> detached = new ArrayList<>(command);
            detached.addFirst(DETACHED);
            try {
                return SpawnedProcess.start(detached, Map.of(), all);
            } catch (ErrnoException e) {
                if (e.errno() != Errno.ENOENT) {
                    throw e;
                }
                return SpawnedProcess.start(command, Map.of(), all);
            }
        }
    }

    private JsonValue json() {
        SortedMap<String, JsonValue> descriptors = new TreeMap<>();
        numbers.forEach((name, number) -> descriptors.put(name, new JsonNumber(Integer.toString(number))));
        SortedMap<String, JsonValue> members = new TreeMap<>();
        members.put("kind", new JsonString("process"));
        members.put("pid", new JsonNumber(Long.toString(mark.id())));
        members.put("start", new JsonNumber(Long.toString(mark.start())));
        members.put("descriptors", new JsonObject(descriptors));
        return new JsonObject(members);
    }

    /** Returns the process that was written down last; empty if there is none, or it has ended. */
    static Optional<KeptProcess> find(RunFolder folder, String file) throws IOException {
        Optional<byte[]> document = folder.read(file);
        if (document.isEmpty()) {
            return Optional.empty();
        }
        JsonValue value = JsonValue.parse(document.get());
        ProcessMark mark =
                new ProcessMark(value.get("pid").number(), value.get("start").number());
        if (!(value.get("descriptors") instanceof JsonObject descriptors) || !mark.isAlive()) {
            return Optional.empty();
        }
        SortedMap<String, Integer> numbers = new TreeMap<>();
        for (Map.Entry<String, JsonValue> number : descriptors.members().entrySet()) {
            numbers.put(number.getKey(), (int) number.getValue().number());
        }
        return Optional.of(new KeptProcess(mark, numbers, Optional.empty()));
    }

    /** Returns its id. */
    long id() {
        return mark.id();
    }

    /** Takes duplicates of its descriptors, for the caller to close. */
    Map<String, Descriptor> take() throws ErrnoException {
        Map<String, Descriptor> taken = new HashMap<>();
        try {
            for (Map.Entry<String, Integer> number : numbers.entrySet()) {
                taken.put(number.getKey(), ProcessDescriptors.take(mark.id(), number.getValue()));
            }
            return taken;
        } catch (ErrnoException e) {
            for (Descriptor descriptor : taken.values()) {
                descriptor.close();
            }
            throw e;
        }
    }

    /** Takes a duplicate of one of its descriptors, for the caller to close. */
    Descriptor take(String name) throws ErrnoException {
        Integer number = numbers.get(name);
        if (number == null) {
            throw new ErrnoException("pidfd_getfd", Errno.EBADF);
        }
        return ProcessDescriptors.take(mark.id(), number);
    }

    /** Does something, on another thread, when the process has ended. */
    void whenEnded(Runnable task) {
        Optional<ProcessHandle> process = ProcessHandle.of(mark.id());
        if (process.isPresent()) {
            var _ = process.get().onExit().thenRun(() -> {
                bury();
                task.run();
            });
        }
    }

    private void bury() {
        try {
            if (child.isPresent()) {
                child.get().waitFor();
            }
        } catch (ErrnoException e) {
            LOG.log(Level.WARNING, "process {0} cannot be waited for: {1}", mark.id(), e.getMessage());
        }
    }

    /** Asks it to end. */
    void end() {
        if (mark.isAlive()) {
            ProcessHandle.of(mark.id()).ifPresent(ProcessHandle::destroy);
        }
    }

    /**
     * Kills it with all that it started, and waits until it is gone.
     *
     * @throws IOException if it does not go
     */
    void kill() throws IOException {
        try (Descriptor process = ProcessDescriptors.open(mark.id())) {
            if (!mark.isAlive()) {
                return; // and another one has its number
            }
            Optional<ProcessHandle> handle = ProcessHandle.of(mark.id());
            List<ProcessHandle> started =
                    handle.stream().flatMap(ProcessHandle::descendants).toList();
            handle.ifPresent(ProcessHandle::destroyForcibly);
            started.forEach(ProcessHandle::destroyForcibly);
            if (!Readiness.awaitInput(process, PATIENCE)) {
                throw new IOException("process " + mark.id() + " was killed and does not end");
            }
        } catch (ErrnoException e) {
            if (e.errno() != Errno.ESRCH) {
                throw e;
            }
        }
    }
}
