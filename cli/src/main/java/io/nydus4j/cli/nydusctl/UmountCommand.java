package io.nydus4j.cli.nydusctl;

import io.nydus4j.cli.option.Arguments;
import io.nydus4j.cli.option.Runner.Command;
import io.nydus4j.cli.option.Syntax;
import io.nydus4j.cli.option.UsageException;
import io.nydus4j.daemon.api.DaemonClient;
import java.io.IOException;

/** {@code nydusctl umount}: unmounts a file system of the daemon's name space. */
final class UmountCommand implements Command {
    private final Connection connection;
    private final Syntax syntax = Syntax.command("umount", "Unmounts a file system of the daemon's name space.")
            .value("-m --mountpoint", "Where in the daemon's name space.")
            .requiredUnless("--mountpoint")
            .examples("nydusctl --sock /run/api.sock umount -m /image");

    UmountCommand(Connection connection) {
        this.connection = connection;
    }

    @Override
    public Syntax syntax() {
        return syntax;
    }

    @Override
    public int run(Arguments arguments) throws UsageException, IOException {
        DaemonClient client = connection.client();
        try {
            client.unmount(arguments.text("--mountpoint"));
        } catch (IOException e) {
            throw connection.reason(e);
        }
        return 0;
    }
}
