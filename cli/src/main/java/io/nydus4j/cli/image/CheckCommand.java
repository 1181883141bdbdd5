package io.nydus4j.cli.image;

import io.nydus4j.build.CheckImage;
import io.nydus4j.build.CheckOptions;
import io.nydus4j.build.CheckResult;
import io.nydus4j.cli.Terminal;
import io.nydus4j.cli.Version;
import io.nydus4j.cli.option.Arguments;
import io.nydus4j.cli.option.Runner.Command;
import io.nydus4j.cli.option.Syntax;
import io.nydus4j.cli.progress.BuildProgress;
import io.nydus4j.rafs.BootstrapListing;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import java.io.IOException;
import java.io.PrintStream;

/** {@code nydus-image check}: reads all of an image's metadata, and its data on demand. */
final class CheckCommand implements Command {
    private final PrintStream out;
    private final PrintStream err;
    private final Syntax syntax = ImageArguments.addTo(
                    Syntax.command("check", "Checks that an image's metadata is sound, and says which blobs it needs."))
            .flag("-v --verbose", "Lists every inode and chunk.")
            .flag("--data", "Reads, decodes and verifies every chunk too; needs --blob-dir or --config.")
            .value("-J --output-json", "The file that takes the result as JSON.")
            .examples(
                    "nydus-image check image.boot",
                    "nydus-image check -v -D blobs/ image.boot",
                    "nydus-image check --data -D blobs/ image.boot");

    CheckCommand(PrintStream out, PrintStream err) {
        this.out = out;
        this.err = err;
    }

    @Override
    public Syntax syntax() {
        return syntax;
    }

    @Override
    public int run(Arguments arguments) throws IOException {
        try (ImageArguments image = ImageArguments.open(arguments);
                Rafs rafs = image.load(LoadOptions.DEFAULT.withValidateDigests(true))) {
            if (arguments.flag("--verbose")) {
                new BootstrapListing(rafs).inodes(out::println);
            }
            CheckResult result;
            try (BuildProgress progress = new BuildProgress(err, Terminal.isInteractive())) {
                CheckOptions options = new CheckOptions(
                        image.bootstrap(),
                        image.blobs(),
                        arguments.flag("--data"),
                        Runtime.getRuntime().availableProcessors());
                result = new CheckImage(options, progress).check(rafs);
            }
            out.print(result.summary());
            out.flush();
            if (arguments.has("--output-json")) {
                OutputJson.write(arguments.path("--output-json").orElseThrow(), result.toJson(Version.tool()));
            }
        }
        return 0;
    }
}
