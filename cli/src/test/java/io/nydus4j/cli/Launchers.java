package io.nydus4j.cli;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import io.nydus4j.daemon.Shell;
import java.nio.file.Path;

/** The scripts in bin that users start. */
final class Launchers {
    /** Has a launcher build the commands, where that is possible; the test is skipped where not, and fails under {@code CI=true}. */
    static void build() throws Exception {
        Shell.Result built = Shell.run(
                Path.of(System.getProperty("nydus4j.root")), "NYDUS4J_AOT=off timeout 600 bin/nydusd --version");
        if (built.code() != 0) {
            String problem = "the commands cannot be built: " + built.err();
            if (System.getenv("CI") != null) {
                fail(problem);
            }
            abort(problem);
        }
    }

    private Launchers() {}
}
