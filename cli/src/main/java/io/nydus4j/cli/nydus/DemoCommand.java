package io.nydus4j.cli.nydus;

import io.nydus4j.build.BuildResult;
import io.nydus4j.build.CreateOptions;
import io.nydus4j.cli.Terminal;
import io.nydus4j.cli.option.Arguments;
import io.nydus4j.cli.option.Runner.Command;
import io.nydus4j.cli.option.Syntax;
import io.nydus4j.cli.progress.BuildProgress;
import io.nydus4j.cli.progress.Sizes;
import io.nydus4j.daemon.api.DaemonClient;
import io.nydus4j.linux.file.ProcessIdentity;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** {@code nydus demo}: builds an image of a real directory, mounts it lazily, and shows what was fetched when. */
final class DemoCommand implements Command {
    private static final int FILES_READ = 5;
    private static final int BYTES_READ = 64 << 10;

    private final PrintStream out;
    private final PrintStream err;
    private final Syntax syntax = Syntax.command(
                    "demo",
                    "Builds an image of a directory, mounts it, reads a few files, compares all of them,",
                    "and says how to do each step by hand. Leaves nothing behind.")
            .positional("DIR", 0, 1, "The directory. Default: the JDK that runs this.")
            .flag("--no-mount", "Shows the same through the library, without FUSE.")
            .examples("nydus demo", "nydus demo /usr/share");

    DemoCommand(PrintStream out, PrintStream err) {
        this.out = out;
        this.err = err;
    }

    @Override
    public Syntax syntax() {
        return syntax;
    }

    @Override
    public int run(Arguments arguments) throws IOException, InterruptedException {
        Path source = arguments.positionalPaths().stream()
                .findFirst()
                .orElseGet(() -> Path.of(System.getProperty("java.home")))
                .toRealPath();
        Path work = Files.createTempDirectory("nydus-demo-");
        Thread cleaner = Thread.ofPlatform().unstarted(() -> clean(work));
        Runtime.getRuntime().addShutdownHook(cleaner);
        try {
            Path folder = work.resolve("image");
            build(source, folder);
            Optional<String> obstacle = arguments.flag("--no-mount") ? Optional.of("--no-mount was given") : obstacle();
            if (obstacle.isEmpty()) {
                mountAndRead(source, folder, work);
            } else {
                out.println("2. mount    left out: " + obstacle.get());
                LibraryDemo.run(source, ImageFolder.find(folder, Path.of("")), work.resolve("cache"), out);
            }
        } finally {
            clean(work);
        }
        return 0;
    }

    private void build(Path source, Path folder) throws IOException {
        out.println("A lazily loaded image of " + source + "\n");
        long start = System.nanoTime();
        BuildResult result;
        try (BuildProgress progress = new BuildProgress(err, Terminal.isInteractive())) {
            result = BuildCommand.build(folder, CreateOptions.builder(source), progress);
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        long plain = plainBytes(source);
        long bootstrap = Files.size(folder.resolve(ImageFolder.BOOTSTRAP));
        out.printf(
                Locale.ROOT,
                """
                1. build    %s of files became %s of data (%.0f %%) and %s of metadata in %.2f s: %s
                            by hand: nydus build %s IMAGE

                """,
                Sizes.text(plain),
                Sizes.text(result.lastBlobSize()),
                100.0 * result.lastBlobSize() / Math.max(plain, 1),
                Sizes.text(bootstrap),
                seconds,
                Sizes.perSecond(plain, seconds),
                source);
    }

    private void mountAndRead(Path source, Path folder, Path work) throws IOException, InterruptedException {
        Path directory = Files.createDirectory(work.resolve("mnt"));
        ImageFolder image = ImageFolder.find(folder, Path.of(""));
        ImageMount mount = ImageMount.start(image, directory, work.resolve("cache"));
        try {
            DaemonClient daemon = new DaemonClient(mount.socket());
            long stored = imageBytes(image);
            out.printf(Locale.ROOT, """
                2. mount    ready after %.2f s; %s of %s fetched so far
                            by hand: nydus mount IMAGE DIR

                """, mount.seconds(), Sizes.text(fetched(daemon)), Sizes.text(stored));
            long read = 0;
            List<Path> files = someFiles(source);
            for (Path file : files) {
                read += readStart(directory.resolve(source.relativize(file)));
            }
            out.printf(
                    Locale.ROOT,
                    """
                    3. read     %s from %d files; %s of %s fetched so far (%.1f %%)
                                by hand: cat DIR/%s; nydusctl --sock SOCKET metrics

                    """,
                    Sizes.text(read),
                    files.size(),
                    Sizes.text(fetched(daemon)),
                    Sizes.text(stored),
                    100.0 * fetched(daemon) / Math.max(stored, 1),
                    files.isEmpty() ? "FILE" : source.relativize(files.getFirst()));
            long start = System.nanoTime();
            TreeComparison comparison = TreeComparison.compare(source, directory);
            out.printf(
                    Locale.ROOT,
                    """
                    4. compare  all %,d files equal their source (%s in %.2f s); %s fetched in all
                                by hand: diff -r --no-dereference %s DIR

                    """,
                    comparison.files(),
                    Sizes.text(comparison.bytes()),
                    (System.nanoTime() - start) / 1e9,
                    Sizes.text(fetched(daemon)),
                    source);
        } finally {
            ImageMount.unmount(directory);
            mount.process().waitFor();
        }
        out.println("5. umount   done; nothing is left behind\n            by hand: nydus umount DIR");
    }

    private static long fetched(DaemonClient daemon) throws IOException {
        return daemon.backendMetrics(Optional.empty()).readAmount();
    }

    /** Returns the size of the stored data. */
    static long imageBytes(ImageFolder image) throws IOException {
        long total = 0;
        try (var files = Files.list(image.blobs())) {
            for (Path file : files.toList()) {
                total += file.equals(image.bootstrap()) ? 0 : Files.size(file);
            }
        }
        return total;
    }

    /** Returns a few files that are worth reading, spread over the tree. */
    static List<Path> someFiles(Path source) throws IOException {
        List<Path> files = new ArrayList<>();
        Files.walkFileTree(source, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (attributes.isRegularFile() && attributes.size() > 0) {
                    files.add(file);
                }
                return FileVisitResult.CONTINUE;
            }
        });
        files.sort(null);
        List<Path> some = new ArrayList<>();
        for (int i = 0; i < Math.min(FILES_READ, files.size()); i++) {
            some.add(files.get((int) ((long) i * files.size() / FILES_READ)));
        }
        return some;
    }

    private static long readStart(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return in.readNBytes(BYTES_READ).length;
        }
    }

    private static long plainBytes(Path source) throws IOException {
        long[] total = {0};
        Files.walkFileTree(source, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                total[0] += attributes.isRegularFile() ? attributes.size() : 0;
                return FileVisitResult.CONTINUE;
            }
        });
        return total[0];
    }

    /** Returns what keeps this process from mounting, if anything does. */
    private static Optional<String> obstacle() {
        if (!Files.exists(Path.of("/dev/fuse"))) {
            return Optional.of("this machine has no /dev/fuse");
        }
        if (!ProcessIdentity.isRoot() && !onPath("fusermount3")) {
            return Optional.of("mounting without root needs fusermount3 (package fuse3)");
        }
        return Optional.empty();
    }

    private static boolean onPath(String command) {
        String path = System.getenv("PATH");
        if (path == null) {
            return false;
        }
        for (String folder : path.split(":", -1)) {
            if (Files.isExecutable(Path.of(folder, command))) {
                return true;
            }
        }
        return false;
    }

    private static void clean(Path work) {
        Path mounted = work.resolve("mnt");
        try {
            if (Files.exists(work)
                    && Files.exists(mounted)
                    && !Files.getAttribute(work, "unix:dev").equals(Files.getAttribute(mounted, "unix:dev"))) {
                ImageMount.unmount(mounted);
            }
            delete(work);
        } catch (IOException e) {
            System.err.println(work + " is left behind: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void delete(Path work) throws IOException {
        if (!Files.exists(work)) {
            return;
        }
        Files.walkFileTree(work, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
                    throws IOException {
                Files.delete(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
