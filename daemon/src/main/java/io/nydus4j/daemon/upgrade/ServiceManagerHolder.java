package io.nydus4j.daemon.upgrade;

import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.socket.ServiceNotification;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Holds descriptors in systemd's store for the service: systemd gives them to the service's next process by the numbers from 3 on, and
 * says so in {@code LISTEN_FDS}, {@code LISTEN_FDNAMES} and {@code LISTEN_PID}.
 */
public final class ServiceManagerHolder implements DescriptorHolder {
    private static final Logger LOG = System.getLogger(ServiceManagerHolder.class.getName());
    private static final int FIRST_NUMBER = 3;

    private final Map<String, String> environment;
    private final ReentrantLock lock = new ReentrantLock();
    private Set<String> held = Set.of();

    /** Makes a holder for a process with these variables. */
    public ServiceManagerHolder(Map<String, String> environment) {
        this.environment = Map.copyOf(environment);
    }

    /**
     * Tells whether the service manager offers a store; systemd says so by {@code FDSTORE}, from version 254 on, and our unit file does
     * for older ones.
     */
    public static boolean isOffered(Map<String, String> environment) {
        return !environment.getOrDefault("NOTIFY_SOCKET", "").isEmpty()
                && number(environment.getOrDefault("FDSTORE", "")) > 0;
    }

    private static long number(String text) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    @Override
    public void hold(Map<String, Descriptor> descriptors) throws IOException {
        lock.lock();
        try {
            for (String name : held) {
                ServiceNotification.send("FDSTOREREMOVE=1\nFDNAME=" + name, List.of());
            }
            for (Map.Entry<String, Descriptor> descriptor : descriptors.entrySet()) {
                ServiceNotification.send("FDSTORE=1\nFDNAME=" + descriptor.getKey(), List.of(descriptor.getValue()));
            }
            held = Set.copyOf(descriptors.keySet());
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Map<String, Descriptor> take() {
        lock.lock();
        try {
            long count = number(environment.getOrDefault("LISTEN_FDS", ""));
            if (number(environment.getOrDefault("LISTEN_PID", ""))
                            != ProcessHandle.current().pid()
                    || !held.isEmpty()) {
                return Map.of();
            }
            String[] names = environment.getOrDefault("LISTEN_FDNAMES", "").split(":", -1);
            Map<String, Descriptor> taken = new HashMap<>();
            for (int i = 0; i < Math.min(count, names.length); i++) {
                taken.putIfAbsent(names[i], Descriptor.adopt(FIRST_NUMBER + i));
            }
            held = Set.copyOf(taken.keySet());
            return taken;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void release() {
        try {
            hold(Map.of());
        } catch (IOException e) {
            LOG.log(Level.WARNING, "the service manager keeps the mount: " + e.getMessage());
        }
    }
}
