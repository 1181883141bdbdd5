package io.nydus4j.cli.nydusctl;

import io.nydus4j.cli.option.Arguments;
import io.nydus4j.cli.option.Runner.Command;
import io.nydus4j.cli.option.Syntax;
import io.nydus4j.cli.option.UsageException;
import io.nydus4j.daemon.api.DaemonClient;
import io.nydus4j.daemon.api.MountRequest;
import io.nydus4j.linux.file.NativePath;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Optional;

/** {@code nydusctl mount}: mounts a file system in the daemon's name space. */
final class MountCommand implements Command {
    private final Connection connection;
    private final Syntax syntax = Syntax.command("mount", "Mounts a file system in the daemon's name space.")
            .value("-s --source", "The bootstrap of the image.")
            .value("-c --config", "The configuration of the image: where its data is.")
            .value("-m --mountpoint", "Where in the daemon's name space; an absolute path.")
            .choice("-t --type", "", List.of("rafs", "passthrough_fs"), "What the file system is.")
            .requiredUnless("--source")
            .requiredUnless("--config")
            .requiredUnless("--mountpoint")
            .requiredUnless("--type")
            .examples("nydusctl --sock /run/api.sock mount -s image.boot -c config.json -m /image -t rafs");

    MountCommand(Connection connection) {
        this.connection = connection;
    }

    @Override
    public Syntax syntax() {
        return syntax;
    }

    @Override
    public int run(Arguments arguments) throws UsageException, IOException {
        DaemonClient client = connection.client();
        String file = arguments.text("--config");
        String config;
        try {
            config = Files.readString(NativePath.path(file));
        } catch (IOException e) {
            throw new IOException("failed to read mount config " + file, e);
        }
        try {
            client.mount(
                    arguments.text("--mountpoint"),
                    new MountRequest(arguments.text("--source"), arguments.text("--type"), config, Optional.empty()));
        } catch (IOException e) {
            throw connection.reason(e);
        }
        return 0;
    }
}
