package io.nydus4j.bench;

import com.sun.management.ThreadMXBean;
import io.nydus4j.build.BuildResult;
import io.nydus4j.build.CreateImage;
import io.nydus4j.build.CreateOptions;
import io.nydus4j.build.ProgressListener;
import io.nydus4j.daemon.DaemonOptions;
import io.nydus4j.daemon.ImageSource;
import io.nydus4j.daemon.NydusDaemon;
import io.nydus4j.storage.config.StorageConfiguration;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Mounts an image of a directory, through FUSE or by the kernel's EROFS, and measures what programs wait for: the mount, reading of all files with an empty cache,
 * with a full cache but no page of it in memory, and with all in memory, 4 KiB reads at random, and {@code ls -lR}. With the reference's
 * daemon named, both serve the same image in turn. Then counts the bytes that our daemon allocates for a read in steady state. Needs
 * root, for the kernel's caches are dropped.
 */
public final class MountBenchmark {
    private static final String USAGE = """
            Usage: bin/bench mount [OPTIONS] ROOT

              --reference FILE    the reference's nydusd, to be compared with
              --driver NAME       how ours mounts: fuse (the default), erofs, auto
              --rounds N          how often each daemon is measured (3)
              --work DIRECTORY    where the image and caches are written (the folder for temporary files)
            """;

    private static final String READ_ALL = "find . -xdev -type f -print0 | xargs -0 cat >/dev/null";
    private static final String LIST_ALL = "ls -lR >/dev/null";
    private static final int RANDOM_READS = 10_000;
    private static final int PAGE = 4096;
    private static final int PATIENCE_SECONDS = 20;

    private final PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    private final Path root;
    private final Optional<Path> reference;
    private final String driver;
    private final int rounds;
    private final Path work;
    private final Path blobs;
    private final Path mountPoint;

    private MountBenchmark(Path root, Optional<Path> reference, String driver, int rounds, Path work)
            throws IOException {
        this.root = root;
        this.reference = reference;
        this.driver = driver;
        this.rounds = rounds;
        this.work = work;
        this.blobs = Files.createDirectory(work.resolve("blobs"));
        this.mountPoint = Files.createDirectory(work.resolve("mnt"));
    }

    /** Runs the benchmark; see the usage text for its arguments. */
    public static void main(String[] args) throws IOException, InterruptedException {
        Optional<Path> root = Optional.empty();
        Optional<Path> reference = Optional.empty();
        String driver = "fuse";
        int rounds = 3;
        Path parent = Path.of(System.getProperty("java.io.tmpdir"));
        for (int i = 0; i < args.length; i++) {
            if (!args[i].startsWith("-") && root.isEmpty()) {
                root = Optional.of(Path.of(args[i]));
                continue;
            }
            String value = i + 1 < args.length ? args[i + 1] : "";
            switch (args[i++]) {
                case "--reference" -> reference = Optional.of(Path.of(value));
                case "--driver" -> driver = value;
                case "--rounds" -> rounds = Integer.parseInt(value);
                case "--work" -> parent = Path.of(value);
                default -> root = Optional.empty();
            }
        }
        if (root.isEmpty()) {
            System.out.print(USAGE);
            return;
        }
        Path work = Files.createTempDirectory(parent, "nydus4j-bench-");
        try {
            new MountBenchmark(root.get(), reference, driver, rounds, work).run();
        } finally {
            shell(work, "umount -l mnt 2>/dev/null; rm -rf blobs cache mnt config.json boot* names; true");
            Files.deleteIfExists(work);
        }
    }

    private void run() throws IOException, InterruptedException {
        BuildResult built = new CreateImage(
                        CreateOptions.builder(root)
                                .blobDirectory(blobs)
                                .bootstrapFile(work.resolve("boot"))
                                .build(),
                        ProgressListener.NONE)
                .run();
        Path bootstrap = built.bootstrap().orElseThrow();
        Path ours = Path.of(System.getenv().getOrDefault("NYDUS4J_HOME", "."), "bin", "nydusd");
        // Makes the command, and its start-up cache, where they are out of date.
        MeasuredCommand.run(List.of(ours.toString(), "--version"));
        List<Map<String, Double>> our = new ArrayList<>();
        List<Map<String, Double>> their = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
            our.add(measure(List.of(ours.toString(), "--driver", driver), bootstrap));
            if (reference.isPresent()) {
                their.add(measure(List.of(reference.get().toString(), "--rlimit-nofile", "0"), bootstrap));
            }
        }
        out.printf(Locale.ROOT, "%s, zstd, chunks of 1 MiB, by %s, medians of %d rounds%n", root, driver, rounds);
        for (String what : our.getFirst().keySet()) {
            double mine = median(our, what);
            out.printf(Locale.ROOT, "%-34s %10.3f", what, mine);
            if (!their.isEmpty()) {
                double other = median(their, what);
                out.printf(Locale.ROOT, "   reference %10.3f   ratio %.2f", other, mine / other);
            }
            out.println();
        }
        if (driver.equals("fuse")) {
            countAllocations(bootstrap);
        }
    }

    private static double median(List<Map<String, Double>> runs, String what) {
        double[] values =
                runs.stream().mapToDouble(run -> run.get(what)).sorted().toArray();
        return values[values.length / 2];
    }

    private StorageConfiguration configuration() throws IOException {
        Path cache = Files.createDirectories(work.resolve("cache"));
        String text = """
                {
                  "version": 2,
                  "backend": {"type": "localfs", "localfs": {"dir": "%s"}},
                  "cache": {"type": "filecache", "filecache": {"work_dir": "%s"}},
                  "rafs": {"mode": "direct"}
                }
                """.formatted(blobs, cache);
        Files.writeString(work.resolve("config.json"), text);
        return StorageConfiguration.parse(text);
    }

    private Map<String, Double> measure(List<String> daemon, Path bootstrap) throws IOException, InterruptedException {
        Map<String, Double> seconds = new LinkedHashMap<>();
        shell(work, "rm -rf cache");
        configuration();
        dropCaches();
        // The blob is what a network would bring: in memory.
        shell(work, "cat blobs/* boot >/dev/null");
        Process cold = start(daemon, bootstrap, seconds, "mount with an empty cache, s");
        seconds.put("read all, cold, s", timed(READ_ALL));
        seconds.put("read all, warm, s", timed(READ_ALL));
        dropCaches();
        seconds.put("read all, page-cold, s", timed(READ_ALL));
        stop(cold);
        dropCaches();
        Process warm = start(daemon, bootstrap, seconds, "mount with a full cache, s");
        // A daemon may check what an earlier one has left before it gives it to anybody.
        seconds.put("read all, page-cold, new daemon, s", timed(READ_ALL));
        dropCaches();
        seconds.put("ls -lR, cold, s", timed(LIST_ALL));
        seconds.put("ls -lR, warm, s", timed(LIST_ALL));
        seconds.put("4 KiB random reads, page-cold, us", randomReads());
        stop(warm);
        return seconds;
    }

    private Process start(List<String> daemon, Path bootstrap, Map<String, Double> seconds, String what)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(daemon);
        command.addAll(List.of(
                "--config",
                work.resolve("config.json").toString(),
                "--bootstrap",
                bootstrap.toString(),
                "--mountpoint",
                mountPoint.toString(),
                "--log-level",
                "error"));
        Object before = Files.getAttribute(mountPoint, "unix:dev");
        long start = System.nanoTime();
        Process process = new ProcessBuilder(command).inheritIO().start();
        while (before.equals(Files.getAttribute(mountPoint, "unix:dev"))) {
            if (!process.isAlive() || System.nanoTime() - start > TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS)) {
                process.destroyForcibly();
                throw new IOException("no mount: " + String.join(" ", command));
            }
            Thread.sleep(1);
        }
        seconds.put(what, (System.nanoTime() - start) / 1e9);
        return process;
    }

    private void stop(Process process) throws IOException, InterruptedException {
        shell(work, "umount mnt");
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
    }

    private double timed(String script) throws IOException, InterruptedException {
        long start = System.nanoTime();
        shell(mountPoint, script);
        return (System.nanoTime() - start) / 1e9;
    }

    private static void dropCaches() throws IOException, InterruptedException {
        shell(Path.of("/"), "sync; echo 3 >/proc/sys/vm/drop_caches");
    }

    private static void shell(Path folder, String script) throws IOException, InterruptedException {
        Process process = new ProcessBuilder("bash", "-c", script)
                .directory(folder.toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (process.waitFor() != 0) {
            throw new IOException("exit code " + process.exitValue() + ": " + script);
        }
    }

    /** Returns the microseconds of a read. */
    private double randomReads() throws IOException {
        try (FileChannel file = FileChannel.open(largestFile(), StandardOpenOption.READ)) {
            long pages = file.size() / PAGE;
            Random random = new Random(1);
            ByteBuffer buffer = ByteBuffer.allocateDirect(PAGE);
            long start = System.nanoTime();
            for (int i = 0; i < RANDOM_READS; i++) {
                file.read(buffer.clear(), random.nextLong(pages) * PAGE);
            }
            return (System.nanoTime() - start) / 1e3 / RANDOM_READS;
        }
    }

    private Path largestFile() throws IOException {
        try (Stream<Path> files = Files.walk(mountPoint)) {
            return files.filter(Files::isRegularFile)
                    .filter(file -> !Files.isSymbolicLink(file))
                    .max(Comparator.comparingLong(file -> file.toFile().length()))
                    .orElseThrow();
        }
    }

    /** Serves the image here, and counts what the threads that answer the kernel allocate while another process reads. */
    private void countAllocations(Path bootstrap) throws IOException, InterruptedException {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        ImageSource source = new ImageSource(bootstrap, configuration(), Optional.empty());
        try (NydusDaemon daemon =
                NydusDaemon.start(DaemonOptions.builder(mountPoint, source).build())) {
            shell(mountPoint, "find . -xdev -type f -print0 >../names");
            // The kernel keeps names and attributes, so all that it asks for is data.
            String reads = "for i in 1 2 3 4 5 6; do xargs -0 -a ../names cat >/dev/null; "
                    + "sync; echo 1 >/proc/sys/vm/drop_caches; done";
            shell(mountPoint, reads);
            long[] loops = Arrays.stream(threads.getAllThreadIds())
                    .filter(id -> threads.getThreadInfo(id).getThreadName().startsWith("fuse-"))
                    .toArray();
            long before = Arrays.stream(threads.getThreadAllocatedBytes(loops)).sum();
            shell(mountPoint, reads);
            long allocated =
                    Arrays.stream(threads.getThreadAllocatedBytes(loops)).sum() - before;
            out.printf(
                    Locale.ROOT,
                    "%s: reading everything six times with all chunks ready allocated %d bytes in %d loops%n",
                    daemon.state(),
                    allocated,
                    loops.length);
        }
    }
}
