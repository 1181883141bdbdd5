package io.nydus4j.daemon.upgrade;

import io.nydus4j.linux.file.Descriptor;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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

    private final RunFolder folder;
    private final ReentrantLock lock = new ReentrantLock();
    private Map<String, Descriptor> held = Map.of();
    private @Nullable KeptProcess sleeper;

    /** Makes a holder whose file is in a folder. */
    public SleepingHolder(RunFolder folder) {
        this.folder = folder;
    }

    @Override
    public void hold(Map<String, Descriptor> descriptors) throws IOException {
        lock.lock();
        try {
            KeptProcess before = sleeper;
            KeptProcess process = KeptProcess.start(folder, FILE, SLEEP, descriptors);
            held = Map.copyOf(descriptors);
            watch(process);
            if (before != null) {
                before.end();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Starts another process when this one ends. */
    private void watch(KeptProcess process) {
        sleeper = process;
        process.whenEnded(() -> ended(process));
    }

    private void ended(KeptProcess process) {
        lock.lock();
        try {
            if (process == sleeper && !held.isEmpty()) {
                LOG.log(Level.WARNING, "process {0}, which held the mount, was ended; starting another", process.id());
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
            Optional<KeptProcess> process = KeptProcess.find(folder, FILE);
            if (process.isEmpty()) {
                return Map.of();
            }
            Map<String, Descriptor> taken = process.get().take();
            held = Map.copyOf(taken);
            watch(process.get());
            return taken;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void release() {
        lock.lock();
        try {
            KeptProcess last = sleeper;
            held = Map.of();
            sleeper = null;
            folder.remove(FILE);
            if (last != null) {
                last.end();
            }
        } catch (IOException e) {
            LOG.log(Level.WARNING, "cannot remove " + folder.path() + ": " + e.getMessage());
        } finally {
            lock.unlock();
        }
    }
}
