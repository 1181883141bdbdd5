package io.nydus4j.cli;

import io.nydus4j.linux.ThreadEnd;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Goes through all faults in random order for a while, each for a moment from when somebody met it, with a time in between in which all is
 * well. Counts how often each was met.
 */
final class ChaosScript implements AutoCloseable {
    private static final int SHORTEST_MILLIS = 100;
    private static final int SHORTEST_PEACE_MILLIS = 400;
    private static final int LONGEST_PEACE_MILLIS = 1400;
    private static final int PATIENCE_MILLIS = 5000;

    private final Random random;
    private final ChaosRegistry registry;
    private final SmallDisk disk;
    private final long end;
    private final int longestMillis;
    private final Map<ChaosFault, Integer> begun = new EnumMap<>(ChaosFault.class);
    private final Map<ChaosFault, Integer> met = new EnumMap<>(ChaosFault.class);
    private final Thread thread;
    private volatile boolean closed;
    private volatile @Nullable Exception failure;

    /**
     * Begins with the first fault.
     *
     * @param length  how long this goes on
     * @param longest how long a fault may last
     */
    ChaosScript(Random random, ChaosRegistry registry, SmallDisk disk, Duration length, Duration longest) {
        this.end = System.nanoTime() + length.toNanos();
        this.longestMillis = (int) longest.toMillis();
        this.random = random;
        this.registry = registry;
        this.disk = disk;
        this.thread = Thread.ofPlatform().name("chaos").start(this::run);
    }

    private void run() {
        try {
            while (isOn()) {
                List<ChaosFault> order = new ArrayList<>(List.of(ChaosFault.values()));
                Collections.shuffle(order, random);
                for (ChaosFault next : order) {
                    if (isOn()) {
                        goThrough(next);
                    }
                }
            }
        } catch (IOException | InterruptedException e) {
            failure = e;
        }
    }

    private boolean isOn() {
        return !closed && System.nanoTime() < end;
    }

    private void goThrough(ChaosFault fault) throws IOException, InterruptedException {
        int before = count(fault);
        registry.begin(fault);
        try {
            if (fault == ChaosFault.DISK_FULL && !disk.fill()) {
                return;
            }
            long patience = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(PATIENCE_MILLIS);
            while (count(fault) == before && System.nanoTime() < patience) {
                Thread.sleep(10);
            }
            sleep(SHORTEST_MILLIS, longestMillis);
        } finally {
            disk.free();
            registry.end();
        }
        begun.merge(fault, 1, Integer::sum);
        met.merge(fault, count(fault) - before, Integer::sum);
        sleep(SHORTEST_PEACE_MILLIS, LONGEST_PEACE_MILLIS);
    }

    private void sleep(int atLeastMillis, int atMostMillis) throws InterruptedException {
        Thread.sleep(random.nextInt(atLeastMillis, atMostMillis));
    }

    private int count(ChaosFault fault) {
        return fault == ChaosFault.DISK_FULL ? registry.rightAnswers() : registry.met();
    }

    /** Returns the faults that somebody met. */
    Set<ChaosFault> met() {
        return met.keySet().stream()
                .filter(fault -> met.getOrDefault(fault, 0) > 0)
                .collect(Collectors.toSet());
    }

    /** Returns how often faults began and were met, once this has ended. */
    @Override
    public String toString() {
        return begun.keySet().stream()
                .map(fault -> fault + " " + begun.get(fault) + " times, met by " + met.get(fault))
                .collect(Collectors.joining("\n  ", "faults:\n  ", ""));
    }

    /** Waits for the end of the fault that is on, and begins no other. */
    void end() throws IOException {
        closed = true;
        ThreadEnd.await(thread);
        if (failure != null) {
            throw new IOException("the script of faults ended", failure);
        }
    }

    @Override
    public void close() throws IOException {
        end();
    }
}
