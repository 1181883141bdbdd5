package io.nydus4j.cli.nydusd;

import io.nydus4j.cli.option.Arguments;
import io.nydus4j.daemon.upgrade.RunFolder;
import io.nydus4j.daemon.upgrade.ServiceManagerHolder;
import io.nydus4j.linux.file.ProcessIdentity;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** Where a daemon leaves its mount to a successor. */
final class RunPlace {
    private RunPlace() {}

    /**
     * Returns the folder that is named, or the usual one if something will start a successor: a service manager that holds descriptors,
     * or {@code --respawn}. Empty if the mount is to end with the process, or if a supervisor keeps it.
     */
    static Optional<Path> of(Arguments arguments, Map<String, String> environment) {
        if (arguments.has("--run-dir")) {
            return arguments.path("--run-dir");
        }
        if (arguments.has("--supervisor")) {
            return Optional.empty();
        }
        String given = environment.getOrDefault("RUNTIME_DIRECTORY", "");
        if (ServiceManagerHolder.isOffered(environment) && !given.isEmpty()) {
            return Optional.of(Path.of(given.split(":", 2)[0]));
        }
        if (!arguments.has("--respawn")) {
            return Optional.empty();
        }
        String own = environment.getOrDefault("XDG_RUNTIME_DIR", "");
        Path runtime = ProcessIdentity.isRoot() || own.isEmpty() ? Path.of("/run") : Path.of(own);
        return arguments.path("--mountpoint").map(mountPoint -> RunFolder.usual(runtime, mountPoint));
    }
}
