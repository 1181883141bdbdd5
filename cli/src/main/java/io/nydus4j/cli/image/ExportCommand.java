package io.nydus4j.cli.image;

import io.nydus4j.build.ExportImage;
import io.nydus4j.build.ExportOptions;
import io.nydus4j.build.ExportResult;
import io.nydus4j.cli.Terminal;
import io.nydus4j.cli.option.Arguments;
import io.nydus4j.cli.option.Runner.Command;
import io.nydus4j.cli.option.Syntax;
import io.nydus4j.cli.option.UsageException;
import io.nydus4j.cli.progress.BuildProgress;
import io.nydus4j.storage.BlobBackend;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;

/** {@code nydus-image export}: turns an image into a block device. */
final class ExportCommand implements Command {
    private static final int MOST_THREADS = 1024;
    /** More are accepted and not made. */
    private static final int MOST_USEFUL_THREADS = 32;

    private final PrintStream out;
    private final PrintStream err;
    private final Syntax syntax = Syntax.command(
                    "export", "Turns an image (v6) into one file that the kernel mounts as EROFS.")
            .flag("--block", "Exports as a raw block device; there is no other kind.")
            .value("-B --bootstrap", "The image's metadata.")
            .value("-D --localfs-dir", "The directory of the data blobs.")
            .value("-C --config", "The image's blob cache entry as JSON, instead of the two.")
            .valueOr("--threads", "4", "Threads that read and decode, 1 to 1024; no more than 32 are made.")
            .value(
                    "-O --output",
                    "The file to write, or a block device. Default: the metadata's name with .disk in the directory of"
                            + " the blobs.")
            .flag("--verity", "Appends a hash tree for dm-verity and prints the options that open it.")
            .flag(
                    "--verity-reference",
                    "Fills the unused room of that tree as the reference does, which veritysetup verify refuses.")
            .conflict("--config", "--localfs-dir")
            .requiredUnless("--block")
            .requiredIf("--bootstrap", arguments -> arguments.has("--localfs-dir"))
            .requiredIf("--localfs-dir", arguments -> arguments.has("--bootstrap"))
            .requiredUnless("--output", "--localfs-dir")
            .examples(
                    "nydus-image export --block -B image.boot -D blobs/ -O image.disk",
                    "nydus-image export --block --verity -B image.boot -D blobs/ -O image.disk",
                    "mount -t erofs -o ro,loop image.disk /mnt");

    ExportCommand(PrintStream out, PrintStream err) {
        this.out = out;
        this.err = err;
    }

    @Override
    public Syntax syntax() {
        return syntax;
    }

    @Override
    public int run(Arguments arguments) throws UsageException, IOException {
        int threads = threads(arguments.text("--threads"));
        if (arguments.has("--config")) {
            BlobCacheEntry entry =
                    BlobCacheEntry.load(arguments.path("--config").orElseThrow());
            try (BlobBackend blobs = ImageArguments.backend(entry.configuration())) {
                export(arguments, entry.bootstrap(), blobs, threads);
            }
        } else if (arguments.has("--localfs-dir")) {
            try (BlobBackend blobs = ImageArguments.directory(arguments.text("--localfs-dir"))) {
                export(arguments, arguments.path("--bootstrap").orElseThrow(), blobs, threads);
            }
        } else {
            throw new IOException("both option `-C/--config` and `-D/--localfs-dir` are missing");
        }
        return 0;
    }

    private static int threads(String text) throws UsageException {
        int threads;
        try {
            threads = Integer.parseInt(text);
        } catch (NumberFormatException e) {
            threads = -1;
        }
        if (threads < 0) {
            throw wrongThreads(text, "invalid thread number configuration: " + text);
        }
        if (threads < 1 || threads > MOST_THREADS) {
            throw wrongThreads(text, "invalid thread number " + threads + ", valid range: [1-1024]");
        }
        return Math.min(threads, MOST_USEFUL_THREADS);
    }

    private static UsageException wrongThreads(String text, String problem) {
        return new UsageException("invalid value '" + text + "' for '--threads <threads>': " + problem, false);
    }

    private void export(Arguments arguments, Path bootstrap, BlobBackend blobs, int threads) throws IOException {
        Path output = arguments
                .path("--output")
                .orElseGet(
                        () -> arguments.path("--localfs-dir").orElseThrow().resolve(bootstrap.getFileName() + ".disk"));
        boolean referenceTree = arguments.flag("--verity-reference");
        ExportOptions options = new ExportOptions(
                bootstrap, blobs, output, arguments.flag("--verity") || referenceTree, referenceTree, threads);
        ExportResult result;
        try (BuildProgress progress = new BuildProgress(err, Terminal.isInteractive())) {
            result = new ExportImage(options, progress).run();
        } catch (IOException e) {
            throw new IOException("failed to export RAFS filesystem as raw block device image", e);
        }
        result.verityOptions().ifPresent(text -> {
            out.println("dm-verity options: " + text);
            out.flush();
        });
    }
}
