package io.nydus4j.cli.nydusd;

import io.nydus4j.cli.Version;
import io.nydus4j.cli.option.Arguments;
import io.nydus4j.cli.option.Numbers;
import io.nydus4j.cli.option.Runner.Command;
import io.nydus4j.cli.option.Syntax;
import io.nydus4j.cli.option.UsageException;
import io.nydus4j.daemon.DaemonEnd;
import io.nydus4j.daemon.DaemonOptions;
import io.nydus4j.daemon.Driver;
import io.nydus4j.daemon.ImageSource;
import io.nydus4j.daemon.NydusDaemon;
import io.nydus4j.daemon.api.BuildInfo;
import io.nydus4j.daemon.upgrade.FailoverPolicy;
import io.nydus4j.linux.file.OpenFileLimit;
import io.nydus4j.linux.socket.ServiceNotification;
import io.nydus4j.storage.config.CacheConfiguration;
import io.nydus4j.storage.config.JsonDocument;
import io.nydus4j.storage.config.LocalFsSettings;
import io.nydus4j.storage.config.StorageConfiguration;
import io.nydus4j.storage.device.BlobDevice;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.OptionSpec;

/** {@code nydusd} and {@code nydusd fuse}: serves an image as a FUSE mount, in the foreground. */
final class ServeCommand implements Command {
    private static final Logger LOG = System.getLogger("io.nydus4j.nydusd");
    private static final List<String> LEVELS = List.of("trace", "debug", "info", "warn", "error");
    private static final int MAX_THREADS = 1024;

    private final Syntax syntax;
    private final String[] args;

    /**
     * Makes the command.
     *
     * @param name the word that calls it
     * @param args the command line, as written
     */
    ServeCommand(String name, String... args) {
        this.args = args;
        syntax = options(
                Syntax.command(name, "Serves a container image as a file system whose files load on demand (FUSE)."));
    }

    private static Syntax options(Syntax syntax) {
        return syntax.value("-M --mountpoint", "The directory to mount on. Required.")
                .value(
                        "-B --bootstrap",
                        "The metadata of the image: a bootstrap, or the name of a blob with one in it.")
                .value("-C --config", "The configuration: where the image's data is, and where it is kept.")
                .value("-D --localfs-dir", "The folder with the image's blobs, instead of a configuration.")
                .value("-A --apisock", "Where the API socket shall be; without, there is none.")
                .value("--prefetch-files", "A file with absolute paths in the image, one a line, to load first.")
                .valueOr("--fuse-threads --thread-num --threads", "0", "The number of threads, 0 for what suits.")
                .choice("-l --log-level", "info", LEVELS, "The least level that is logged.")
                .value("-L --log-file", "Appends log lines to this file instead of standard error.")
                .valueOr("--log-rotation-size", "0", "Size in MB at which the log file is rotated, 0 for never.")
                .valueOr(
                        "--rlimit-nofile",
                        "1000000",
                        "The most open files, or what the system permits; 0 changes nothing.")
                .valueOr("-m --virtual-mountpoint", "/", "Where in the daemon's name space the image is mounted.")
                .choice(
                        "--failover-policy",
                        "resend",
                        List.of("none", "resend", "flush"),
                        "What becomes of requests when another daemon takes over.")
                .choice(
                        "--driver",
                        "fuse",
                        List.of("auto", "fuse", "erofs"),
                        "How the kernel shows images: by FUSE, by its own EROFS, or by EROFS where it can.")
                .flag(
                        "--detach-when-complete",
                        "With EROFS: ends when all data is here; the mount then lives without a process.")
                .value(
                        "--experimental-composefs",
                        "A folder, made if absent, in which images share files: the kernel shows each v6 image by an"
                                + " overlay over files that are named by content, and fetched whole when they are first"
                                + " opened. Experimental.")
                .value(
                        "--unmount-on-orphan",
                        "With EROFS: the seconds that a mount waits for another daemon when its own has died; then it"
                                + " is unmounted, and who still reads it gets an error. Without, readers wait for good.")
                .flag("--trace", "Notes from the start who reads what first; `nydusctl trace show` tells.")
                .value("--id", "The id of this instance; needs --supervisor.")
                .value("--supervisor", "The socket of the supervisor, which keeps the mount for a successor.")
                .flag("--upgrade", "Waits until the API says to take another daemon's mount over.")
                .value(
                        "--run-dir",
                        "Keeps the mount alive when the daemon dies: one started with the same folder takes it over.")
                .flag("--respawn", "Starts the daemon again when it dies by a signal; implies a --run-dir.")
                .value(
                        "-s --shared-dir",
                        "A folder to show instead of an image; for reading, unless --writable is given.")
                .flag(
                        "--writable",
                        "Mounts for writing: folders of the host, and images with an overlay in their configuration.")
                .value(
                        "--dedup-db",
                        "A database, made if absent, by which images take chunks from each other's caches.")
                .requiredUnless("--mountpoint")
                .conflict("--bootstrap", "--shared-dir")
                .conflict("--localfs-dir", "--config")
                .conflict("--experimental-composefs", "--driver", "--shared-dir", "--writable", "--dedup-db", "--trace")
                .conflict("--experimental-composefs", "--supervisor", "--upgrade")
                .requiredIf("--bootstrap", arguments -> arguments.has("--prefetch-files"))
                .requiredIf("--supervisor", arguments -> arguments.has("--id"))
                .requiredIf("--id", arguments -> arguments.has("--supervisor"))
                .examples(
                        "nydusd -B image.boot -D blobs/ -M /mnt/image",
                        "nydusd -B image.boot -C config.json -M /mnt/image -A /run/api.sock",
                        "nydusd -M /mnt/images -A /run/api.sock      # images are mounted by nydusctl",
                        "nydusd --respawn -B image.boot -D blobs/ -M /mnt/image      # survives kill -9",
                        "nydusd --driver auto -B image.boot -C config.json -M /mnt/image      # native speed where it"
                                + " can",
                        "nydusd --experimental-composefs /var/lib/objects -M /mnt/images -A /run/api.sock      # images"
                                + " share files",
                        "nydusd --driver erofs --respawn --unmount-on-orphan 60 -B image.boot -C config.json -M"
                                + " /mnt/image      # no reader waits for good",
                        "umount /mnt/image      # ends the daemon, as SIGTERM does");
    }

    @Override
    public Syntax syntax() {
        return syntax;
    }

    @Override
    public int run(Arguments arguments) throws UsageException, IOException, InterruptedException {
        if (syntax.spec().parent() != null && args[0].startsWith("-")) {
            int equals = args[0].indexOf('=');
            String name = equals < 0 ? args[0] : args[0].substring(0, equals);
            OptionSpec known = syntax.spec().findOption(name);
            throw new UsageException(
                    "the subcommand '%s' cannot be used with '%s'"
                            .formatted(syntax.spec().name(), known == null ? name : Syntax.written(known)),
                    true);
        }
        int threads = threads(arguments);
        if (arguments.has("--config")) {
            JsonDocument.prepare();
        }
        BlobDevice.prepare();
        LOG.log(Level.INFO, "Program Version: " + Version.tool() + ", Runtime: " + Runtime.version());
        limitOpenFiles(Numbers.decimal(arguments.text("--rlimit-nofile"), "invalid value for option `rlimit-nofile`"));
        DaemonOptions.Builder options = DaemonOptions.builder(
                        arguments.path("--mountpoint").orElseThrow())
                .virtualMountPoint(arguments.text("--virtual-mountpoint"))
                .traced(arguments.has("--trace"))
                .writable(arguments.has("--writable"))
                .driver(Driver.of(arguments.text("--driver")).orElseThrow())
                .detachWhenComplete(arguments.has("--detach-when-complete"))
                .threads(threads)
                .buildInfo(build())
                .logLevels(CommandLevels::set);
        arguments.path("--apisock").ifPresent(options::apiSocket);
        arguments.path("--supervisor").ifPresent(options::supervisor);
        if (arguments.has("--id")) {
            options.id(arguments.text("--id"));
        }
        options.upgrade(arguments.has("--upgrade"));
        FailoverPolicy.of(arguments.text("--failover-policy")).ifPresent(options::failoverPolicy);
        RunPlace.of(arguments, System.getenv()).ifPresent(options::runFolder);
        OrphanPatience.of(arguments).ifPresent(options::unmountOnOrphan);
        arguments.path("--dedup-db").ifPresent(options::dedupDatabase);
        image(arguments).ifPresent(options::image);
        arguments.path("--shared-dir").ifPresent(options::sharedDirectory);
        arguments.path("--experimental-composefs").ifPresent(options::objectStore);
        return serve(options.build());
    }

    private static void limitOpenFiles(long wanted) throws IOException {
        if (wanted > 0) {
            long limit = OpenFileLimit.raise(wanted);
            if (limit < wanted) {
                LOG.log(Level.WARNING, "the system permits " + limit + " open files, not " + wanted);
            }
        }
    }

    private static int threads(Arguments arguments) throws UsageException {
        if (!arguments.has("--fuse-threads")) {
            return 0;
        }
        String text = arguments.text("--fuse-threads");
        String problem;
        try {
            int threads = Integer.parseInt(text);
            if (threads >= 1 && threads <= MAX_THREADS) {
                return threads;
            }
            problem = "invalid thread number %d, valid range: [1-1024]".formatted(threads);
        } catch (NumberFormatException e) {
            problem = "invalid thread number configuration: " + text;
        }
        throw new UsageException(
                "invalid value '%s' for '--fuse-threads <fuse-threads>': %s".formatted(text, problem), false);
    }

    private static Optional<ImageSource> image(Arguments arguments) throws IOException {
        if (!arguments.has("--bootstrap")) {
            return Optional.empty();
        }
        return Optional.of(new ImageSource(
                arguments.path("--bootstrap").orElseThrow(), configuration(arguments), prefetchFiles(arguments)));
    }

    private static StorageConfiguration configuration(Arguments arguments) throws IOException {
        if (arguments.has("--localfs-dir")) {
            String directory = arguments.text("--localfs-dir");
            return StorageConfiguration.of(
                    new LocalFsSettings("", directory, List.of()), CacheConfiguration.inFiles(directory));
        }
        if (arguments.has("--config")) {
            return StorageConfiguration.load(arguments.path("--config").orElseThrow())
                    .withEnvironment(System.getenv());
        }
        throw new IOException("both --config and --localfs-dir are missing");
    }

    private static Optional<List<String>> prefetchFiles(Arguments arguments) throws IOException {
        if (!arguments.has("--prefetch-files")) {
            return Optional.empty();
        }
        List<String> files = new ArrayList<>();
        try {
            for (String line :
                    Files.readAllLines(arguments.path("--prefetch-files").orElseThrow(), StandardCharsets.UTF_8)) {
                if (!line.isBlank()) {
                    files.add(line.strip());
                }
            }
        } catch (IOException e) {
            throw new IOException("the prefetch-files arg is not a file path", e);
        }
        return Optional.of(files);
    }

    private static BuildInfo build() {
        return new BuildInfo(
                Version.tool(),
                "unknown",
                "unknown",
                "release",
                System.getProperty("java.vm.name") + " " + Runtime.version());
    }

    private static int serve(DaemonOptions options) throws IOException, InterruptedException {
        StopOnSignal signals = StopOnSignal.install();
        try (NydusDaemon daemon = NydusDaemon.start(options)) {
            signals.watch(daemon);
            ServiceNotification.send("READY=1\nSTATUS=" + daemon.state(), List.of());
            DaemonEnd end = daemon.await();
            return end.exitCode();
        } finally {
            signals.done();
        }
    }
}
