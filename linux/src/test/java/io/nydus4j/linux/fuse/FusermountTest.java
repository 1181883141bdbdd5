package io.nydus4j.linux.fuse;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.linux.Command;
import io.nydus4j.linux.Requirements;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.linux.mount.FuseMountOptions;
import io.nydus4j.linux.mount.MountTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Mounts as a user who is not root, in a process of that user's. It has a mount namespace of its own, where {@code /dev/fuse} is open
 * to everybody, as it is on most machines but not on all.
 */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class FusermountTest {
    private static final String AS_NOBODY = "setpriv --reuid=65534 --regid=65534 --clear-groups ";

    /** Mounts on the directory it is given until its input ends. */
    public static void main(String[] arguments) throws IOException {
        MemoryTree tree = new MemoryTree();
        tree.file(tree.root, "file", "from nobody".getBytes(UTF_8));
        FuseMountOptions where =
                FuseMountOptions.readOnly(Path.of(arguments[0]), "odd, name\\").withSubtype("nydus");
        try (FuseSession session = FuseSession.mount(where, tree, FuseOptions.defaults())) {
            session.start();
            System.out.println("mounted");
            while (System.in.read() >= 0) {
                // waits for the end of the input
            }
        }
        System.out.println(
                MountTable.find(NativePath.bytes(Path.of(arguments[0]))).isPresent() ? "busy" : "done");
    }

    @Test
    void mountsAndUnmountsForNobody() throws Exception {
        Requirements.fuse();
        Requirements.program("fusermount3");
        Requirements.program("setpriv");
        Path folder = Files.createTempDirectory("nydus4j-nobody");
        Path mountPoint = Files.createDirectory(folder.resolve("mount"));
        Path classes = Files.createDirectory(folder.resolve("classes"));
        for (String entry : System.getProperty("java.class.path").split(":", -1)) {
            if (entry.endsWith("classes")) { // copied, since nobody may not get into other people's folders
                Command.run("cp", "-r", entry + "/.", classes.toString());
            }
        }
        Command.run("chown", "-R", "65534", folder.toString());
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String script =
                "mknod -m 666 " + folder + "/fuse c 10 229 && mount --bind " + folder + "/fuse /dev/fuse && exec "
                        + AS_NOBODY + java + " --enable-native-access=ALL-UNNAMED -cp " + classes + " "
                        + FusermountTest.class.getName() + " " + mountPoint;
        Process process = new ProcessBuilder("unshare", "--mount", "--propagation", "private", "sh", "-c", script)
                .redirectErrorStream(true)
                .start();
        String inside = "nsenter --mount=/proc/" + process.pid() + "/ns/mnt ";
        var output = process.inputReader(UTF_8);
        try {
            assertThat(output.readLine()).isEqualTo("mounted");
            assertThat(shell(inside + "grep " + mountPoint + " /proc/self/mountinfo"))
                    .contains("ro,nosuid,nodev", " - fuse.nydus odd,\\040name\\134 ", "user_id=65534");
            assertThat(shell(inside + AS_NOBODY + "cat " + mountPoint + "/file"))
                    .isEqualTo("from nobody");
            assertThat(shell(inside + "cat " + mountPoint + "/file")).contains("Permission denied");
            process.outputWriter().close();
            assertThat(output.readLine()).isEqualTo("done");
            assertThat(process.waitFor()).isZero();
        } finally {
            process.destroyForcibly();
            Command.run("rm", "-rf", folder.toString());
        }
    }

    private static String shell(String script) throws IOException {
        return Command.run("sh", "-c", script).text();
    }
}
