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
import io.nydus4j.linux.socket.SpawnedProcess;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Holds descriptors in a process that does nothing but sleep: it has no code of ours that could fail, and takes little memory. Which
 * process that is, and which number each descriptor has there, stands in a file of the run folder.
 *
 * <p>If the process is ended by somebody else, another one takes its place. A successor needs the right to trace the process: that of
 * root, or of the same user where {@code kernel.yama.ptrace_scope} is 0.
 */
public final class SleepingHolder implements DescriptorHolder {
    private static final Logger LOG = System.getLogger(SleepingHolder.class.getName());
    private static final String FILE = "holder.json";
    private static final List<String> SLEEP = List.of("sleep", "infinity");
    /** A session of its own keeps it from signals of the terminal. */
    private static final List<String> DETACHED_SLEEP = List.of("setsid", "sleep", "infinity");

    private static final byte[] NOTHING = "/dev/null".getBytes(StandardCharsets.US_ASCII);
    private static final int FIRST_NUMBER = 3;

    private final RunFolder folder;
    private final ReentrantLock lock = new ReentrantLock();
    private Map<String, Descriptor> held = Map.of();
    private @Nullable ProcessMark sleeper;

    /** Makes a holder whose file is in a folder. */
    public SleepingHolder(RunFolder folder) {
        this.folder = folder;
    }

    @Override
    public void hold(Map<String, Descriptor> descriptors) throws IOException {
        lock.lock();
        try {
            ProcessMark before = sleeper;
            SortedMap<String, Integer> numbers = new TreeMap<>();
            Map<Integer, Descriptor> placed = new HashMap<>();
            for (String name : new TreeMap<>(descriptors).keySet()) {
                int number = FIRST_NUMBER + numbers.size();
                numbers.put(name, number);
                placed.put(number, descriptors.get(name));
            }
            SpawnedProcess process = spawn(placed);
            ProcessMark mark = ProcessMark.of(process.id());
            folder.write(FILE, json(mark, numbers).toJson().getBytes(StandardCharsets.UTF_8));
            held = Map.copyOf(descriptors);
            sleeper = mark;
            watch(mark, Optional.of(process));
            end(before);
        } finally {
            lock.unlock();
        }
    }

    /** Starts the process; its standard streams are not ours, or whoever reads ours would wait for their end. */
    private static SpawnedProcess spawn(Map<Integer, Descriptor> placed) throws ErrnoException {
        try (Descriptor nothing = PosixFiles.open(Descriptor.WORKING_DIRECTORY, NOTHING, OpenFlags.READ_WRITE, 0)) {
            Map<Integer, Descriptor> all = new HashMap<>(placed);
            for (int number = 0; number < FIRST_NUMBER; number++) {
                all.put(number, nothing);
            }
            try {
                return SpawnedProcess.start(DETACHED_SLEEP, Map.of(), all);
            } catch (ErrnoException e) {
                if (e.errno() != Errno.ENOENT) {
                    throw e;
                }
                return SpawnedProcess.start(SLEEP, Map.of(), all);
            }
        }
    }

    private static JsonValue json(ProcessMark mark, SortedMap<String, Integer> numbers) {
        SortedMap<String, JsonValue> descriptors = new TreeMap<>();
        numbers.forEach((name, number) -> descriptors.put(name, new JsonNumber(Integer.toString(number))));
        SortedMap<String, JsonValue> members = new TreeMap<>();
        members.put("kind", new JsonString("process"));
        members.put("pid", new JsonNumber(Long.toString(mark.id())));
        members.put("start", new JsonNumber(Long.toString(mark.start())));
        members.put("descriptors", new JsonObject(descriptors));
        return new JsonObject(members);
    }

    /** Starts another process when this one ends. */
    private void watch(ProcessMark mark, Optional<SpawnedProcess> child) {
        Optional<ProcessHandle> process = ProcessHandle.of(mark.id());
        if (process.isPresent()) {
            var _ = process.get().onExit().thenRun(() -> ended(mark, child));
        }
    }

    private void ended(ProcessMark mark, Optional<SpawnedProcess> child) {
        lock.lock();
        try {
            if (child.isPresent()) {
                child.get().waitFor();
            }
            if (mark.equals(sleeper) && !held.isEmpty()) {
                LOG.log(Level.WARNING, "process {0}, which held the mount, was ended; starting another", mark.id());
                hold(held);
            }
        } catch (IOException e) {
            LOG.log(Level.ERROR, "the mount will not outlive this process: " + e.getMessage());
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Map<String, Descriptor> take() throws IOException {
        lock.lock();
        try {
            Optional<byte[]> file = folder.read(FILE);
            if (file.isEmpty()) {
                return Map.of();
            }
            JsonValue holder = JsonValue.parse(file.get());
            ProcessMark mark = new ProcessMark(
                    holder.get("pid").number(), holder.get("start").number());
            if (!(holder.get("descriptors") instanceof JsonObject numbers) || !mark.isAlive()) {
                return Map.of();
            }
            Map<String, Descriptor> taken = new HashMap<>();
            try {
                for (Map.Entry<String, JsonValue> number : numbers.members().entrySet()) {
                    int there = (int) number.getValue().number();
                    taken.put(number.getKey(), ProcessDescriptors.take(mark.id(), there));
                }
            } catch (ErrnoException e) {
                for (Descriptor descriptor : taken.values()) {
                    descriptor.close();
                }
                throw e;
            }
            held = Map.copyOf(taken);
            sleeper = mark;
            watch(mark, Optional.empty());
            return taken;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void release() {
        lock.lock();
        try {
            ProcessMark last = sleeper;
            held = Map.of();
            sleeper = null;
            if (last != null) {
                folder.remove(FILE);
                end(last);
            }
        } catch (IOException e) {
            LOG.log(Level.WARNING, "cannot remove " + folder.path() + ": " + e.getMessage());
        } finally {
            lock.unlock();
        }
    }

    private static void end(@Nullable ProcessMark process) {
        if (process != null && process.isAlive()) {
            ProcessHandle.of(process.id()).ifPresent(ProcessHandle::destroy);
        }
    }
}
