package io.nydus4j.cli.nydus;

import io.nydus4j.blob.Compression;
import io.nydus4j.build.BuildResult;
import io.nydus4j.build.CreateImage;
import io.nydus4j.build.CreateOptions;
import io.nydus4j.build.ProgressListener;
import io.nydus4j.cli.Terminal;
import io.nydus4j.cli.option.Arguments;
import io.nydus4j.cli.option.Numbers;
import io.nydus4j.cli.option.Runner.Command;
import io.nydus4j.cli.option.Syntax;
import io.nydus4j.cli.progress.BuildProgress;
import io.nydus4j.cli.progress.Sizes;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** {@code nydus build}: a directory becomes an image in a folder. */
final class BuildCommand implements Command {
    private final PrintStream out;
    private final PrintStream err;
    private final Syntax syntax = Syntax.command("build", "Builds an image of a directory, in a folder of its own.")
            .positional("DIR", 1, 1, "The directory to build the image from.")
            .positionalAfter(1, "IMAGE", "The folder that takes the image; made if absent.")
            .choice("--compressor", "zstd", List.of("none", "lz4_block", "zstd"), "How data is compressed.")
            .value("--chunk-size", "Bytes of a chunk: a power of two from 0x1000 to 0x1000000. Default: 0x100000.")
            .examples("nydus build rootfs/ image/");

    BuildCommand(PrintStream out, PrintStream err) {
        this.out = out;
        this.err = err;
    }

    @Override
    public Syntax syntax() {
        return syntax;
    }

    @Override
    public int run(Arguments arguments) throws IOException {
        Path source = arguments.positionalPaths().getFirst();
        Path folder = arguments.positionalPaths().get(1);
        CreateOptions.Builder options = CreateOptions.builder(source)
                .compression(Compression.valueOf(arguments.text("--compressor").toUpperCase(java.util.Locale.ROOT)));
        arguments
                .optional("--chunk-size")
                .ifPresent(text -> options.chunkSize(Numbers.size(text, "invalid chunk size " + text)));
        BuildResult result;
        try (BuildProgress progress = new BuildProgress(err, Terminal.isInteractive())) {
            result = build(folder, options, progress);
        }
        out.println(folder + ": data " + Sizes.text(result.lastBlobSize()) + ", metadata "
                + Sizes.text(Files.size(folder.resolve(ImageFolder.BOOTSTRAP))));
        return 0;
    }

    /** Builds an image into {@code folder}, made if absent. */
    static BuildResult build(Path folder, CreateOptions.Builder options, ProgressListener progress) throws IOException {
        Files.createDirectories(folder);
        options.blobDirectory(folder).bootstrapFile(folder.resolve(ImageFolder.BOOTSTRAP));
        return new CreateImage(options.build(), progress).run();
    }
}
