package io.nydus4j.cli.image;

import io.nydus4j.cli.option.Arguments;
import io.nydus4j.cli.option.Runner.Command;
import io.nydus4j.cli.option.Syntax;
import io.nydus4j.rafs.Bootstrap;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** {@code nydus-image inspect}: looks around in an image, interactively or one request at a time. */
final class InspectCommand implements Command {
    private final PrintStream out;
    private final Syntax syntax = ImageArguments.addTo(Syntax.command(
                    "inspect",
                    "Looks around in an image's metadata: the superblock, directories, inodes, chunks, blobs.",
                    "Without --request it reads commands; `help` lists them."))
            .value("-R --request", "Runs one command, prints JSON where there is some, and ends.")
            .examples(
                    "nydus-image inspect image.boot",
                    "nydus-image inspect -R 'stat etc' image.boot",
                    "nydus-image inspect -R blobs image.boot");

    InspectCommand(PrintStream out) {
        this.out = out;
    }

    @Override
    public Syntax syntax() {
        return syntax;
    }

    @Override
    public int run(Arguments arguments) throws IOException {
        try (ImageArguments image = ImageArguments.open(arguments);
                Bootstrap bootstrap = image.load()) {
            InspectSession session = new InspectSession(bootstrap, out);
            if (arguments.has("--request")) {
                try {
                    session.request(arguments.text("--request"));
                } finally {
                    out.flush();
                }
            } else {
                session.interact(new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)));
            }
        }
        return 0;
    }
}
