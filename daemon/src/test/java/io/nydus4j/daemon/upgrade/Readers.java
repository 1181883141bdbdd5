package io.nydus4j.daemon.upgrade;

import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.linux.file.OpenFlags;
import io.nydus4j.linux.file.PosixFiles;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/** Threads that read a mount over and over, past the kernel's cache, and compare each byte with the tree it must show. */
public final class Readers implements AutoCloseable {
    private static final int DIRECT_UNIT = 4096;

    private final Path mounted;
    private final Path tree;
    private final List<Path> files;
    private final List<Thread> threads = new ArrayList<>();
    private final Queue<String> problems = new ConcurrentLinkedQueue<>();
    private final AtomicLong worstNanos = new AtomicLong();
    private final AtomicLong operations = new AtomicLong();
    private volatile boolean ended;

    private Readers(Path mounted, Path tree, List<Path> files) {
        this.mounted = mounted;
        this.tree = tree;
        this.files = files;
    }

    /** One look at a file. */
    private interface Look {
        boolean isRight(Path file, byte[] expected) throws IOException;
    }

    /** Starts threads that go through the files of a tree at random. */
    public static Readers start(Path mounted, Path tree, long seed) throws IOException {
        List<Path> files;
        try (Stream<Path> found = Files.walk(tree)) {
            files = found.filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
                    .map(tree::relativize)
                    .sorted()
                    .toList();
        }
        Readers readers = new Readers(mounted, tree, files);
        readers.add(new Random(seed), Readers::readsDirectly);
        readers.add(new Random(seed + 1), Readers::readsDirectly);
        readers.add(new Random(seed + 2), Readers::readsAfterForgetting);
        readers.add(new Random(seed + 3), Readers::hasSize);
        return readers;
    }

    private void add(Random random, Look look) {
        threads.add(Thread.ofPlatform().daemon().start(() -> {
            while (!ended) {
                Path file = files.get(random.nextInt(files.size()));
                try {
                    byte[] expected = Files.readAllBytes(tree.resolve(file));
                    long start = System.nanoTime();
                    if (!look.isRight(mounted.resolve(file), expected)) {
                        problems.add("wrong bytes in " + file);
                    }
                    worstNanos.accumulateAndGet(System.nanoTime() - start, Math::max);
                    operations.incrementAndGet();
                    Thread.sleep(1);
                } catch (IOException e) {
                    problems.add(e.toString());
                } catch (InterruptedException e) {
                    return;
                }
            }
        }));
    }

    private static boolean readsDirectly(Path file, byte[] expected) throws IOException {
        int flags = OpenFlags.READ_ONLY | OpenFlags.DIRECT;
        try (Arena arena = Arena.ofConfined();
                Descriptor opened = PosixFiles.open(Descriptor.WORKING_DIRECTORY, NativePath.bytes(file), flags, 0)) {
            MemorySegment seen = arena.allocate(expected.length + 2L * DIRECT_UNIT, DIRECT_UNIT);
            long done = 0;
            for (long n = 1; n > 0 && done < expected.length; done += n) {
                n = opened.readAt(done, seen.asSlice(done, seen.byteSize() - done & -DIRECT_UNIT));
            }
            return done == expected.length && seen.asSlice(0, done).mismatch(MemorySegment.ofArray(expected)) == -1;
        }
    }

    private static boolean readsAfterForgetting(Path file, byte[] expected) throws IOException {
        try (Descriptor opened =
                PosixFiles.open(Descriptor.WORKING_DIRECTORY, NativePath.bytes(file), OpenFlags.READ_ONLY, 0)) {
            opened.advise(0, 0, Descriptor.Advice.DONT_NEED);
        }
        return Arrays.equals(Files.readAllBytes(file), expected);
    }

    private static boolean hasSize(Path file, byte[] expected) throws IOException {
        try (Stream<Path> siblings = Files.list(file.getParent())) {
            return siblings.anyMatch(file::equals) && Files.size(file) == expected.length;
        }
    }

    /** Forgets the longest operation so far. */
    public void resetWorst() {
        worstNanos.set(0);
    }

    /** Returns how long the longest operation took that has ended, in milliseconds. */
    public long worstMillis() {
        return TimeUnit.NANOSECONDS.toMillis(worstNanos.get());
    }

    /** Returns how many operations have ended. */
    public long operations() {
        return operations.get();
    }

    /** Returns what was wrong. */
    public List<String> problems() {
        return List.copyOf(problems);
    }

    /** Ends the threads, so that all problems are known. */
    public void stop() throws InterruptedException {
        ended = true;
        for (Thread thread : threads) {
            if (!thread.join(java.time.Duration.ofSeconds(20))) {
                problems.add("a reader still waits");
            }
        }
    }

    @Override
    public void close() {
        ended = true;
    }
}
