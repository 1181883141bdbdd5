package io.nydus4j.cli.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The wording and exit codes of {@code nydus-image}, as the reference's parser has them, and its work on golden images. */
class NydusImageTest {
    private static final Path GOLDEN = Path.of(System.getProperty("nydus4j.testdata"), "golden");

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int run(String... args) {
        PrintStream printed = new PrintStream(out, false, StandardCharsets.UTF_8);
        PrintStream failed = new PrintStream(err, true, StandardCharsets.UTF_8);
        int code = NydusImage.run(printed, failed, args);
        printed.flush();
        return code;
    }

    private String stdout() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String stderr() {
        return err.toString(StandardCharsets.UTF_8);
    }

    @Test
    void namesEveryMissingArgument() {
        assertThat(run("create")).isEqualTo(2);
        assertThat(stderr())
                .startsWith("error: the following required arguments were not provided:\n")
                .contains("  --blob <blob>\n", "  --external-blob <external-blob>", "<SOURCE>")
                .endsWith("For more information, try '--help'.\n");
    }

    @Test
    void suggestsTheOptionThatWasMeant() {
        assertThat(run("create", "--compresor", "zstd", "dir")).isEqualTo(2);
        assertThat(stderr())
                .startsWith("error: unexpected argument '--compresor' found\n")
                .contains("tip: a similar argument exists: '--compressor'");
    }

    @Test
    void suggestsTheSubcommandThatWasMeant() {
        assertThat(run("chekc")).isEqualTo(2);
        assertThat(stderr())
                .startsWith("error: unrecognized subcommand 'chekc'")
                .contains("'check'");
    }

    @Test
    void listsTheValuesThatAreRight() {
        assertThat(run("create", "-t", "dir-rafs", "-D", ".", "--compressor", "gzip", "dir"))
                .isEqualTo(2);
        assertThat(stderr())
                .startsWith("error: invalid value 'gzip' for '--compressor <compressor>'\n"
                        + "  [possible values: none, lz4_block, zstd]");
    }

    @Test
    void refusesOptionsThatExcludeEachOther() {
        assertThat(run("check", "--blob-dir", "d", "--config", "c", "boot")).isEqualTo(2);
        assertThat(stderr())
                .startsWith("error: the argument '--blob-dir <blob-dir>' cannot be used with '--config <config>'");
    }

    @Test
    void refusesAnOptionGivenTwice() {
        assertThat(run("create", "-B", "a", "-B", "b", "-D", "d", "dir")).isEqualTo(2);
        assertThat(stderr()).startsWith("error: the argument '--bootstrap <bootstrap>' cannot be used multiple times");
    }

    @ParameterizedTest
    @ValueSource(strings = {"create", "check", "inspect", "unpack", "merge", "stat", "export", "optimize", "compact"})
    void helpHasExamples(String command) {
        assertThat(run(command, "--help")).isZero();
        assertThat(stdout()).contains("Examples:").contains("nydus-image " + command);
    }

    @ParameterizedTest
    @ValueSource(strings = {"v5-lz4-4k", "v6-zstd-4k", "plain-v6", "merge-v5", "targz-ref"})
    void checkPrintsWhatTheReferencePrints(String image) throws Exception {
        Path folder = GOLDEN.resolve(image);
        assertThat(run("-l", "error", "check", "-v", folder.resolve("boot").toString()))
                .isZero();
        assertThat(stdout()).isEqualTo(Files.readString(folder.resolve("check.txt")));
    }

    @Test
    void inspectPrintsTimesBefore1970AsTheReferenceDoes(@TempDir Path folder) throws Exception {
        Path tree = Files.createDirectory(folder.resolve("tree"));
        Files.setLastModifiedTime(Files.createFile(tree.resolve("old")), FileTime.from(-1, TimeUnit.SECONDS));
        String boot = folder.resolve("boot").toString();
        assertThat(run("-l", "error", "create", "-D", folder.toString(), "-B", boot, tree.toString()))
                .isZero();
        assertThat(run("-l", "error", "inspect", "-R", "stat old", boot)).isZero();
        assertThat(stdout()).contains("Mtime:              18446744073709551615\n");
    }

    @Test
    void saysOneLineForADamagedImage(@TempDir Path folder) throws Exception {
        byte[] bytes = Files.readAllBytes(GOLDEN.resolve("v6-zstd-4k").resolve("boot"));
        bytes[1024 + 12] = 99;
        Path broken = Files.write(folder.resolve("boot"), bytes);
        assertThat(run("check", broken.toString())).isEqualTo(1);
        assertThat(stderr()).startsWith("Error: ").doesNotContain("\tat ");
    }

    @Test
    void answersRequestsInJson() {
        assertThat(run(
                        "-l",
                        "error",
                        "inspect",
                        "-R",
                        "stats",
                        GOLDEN.resolve("plain-v6/boot").toString()))
                .isZero();
        assertThat(stdout()).matches("\\{\"inodes_count\":\\d+}");
    }

    @Test
    void saysWhatIsWrongWithSettingsThatAreNoText(@TempDir Path folder) throws Exception {
        Path settings = Files.write(folder.resolve("settings"), new byte[] {'{', (byte) 0xFF, '}'});
        Path image = GOLDEN.resolve("v6-zstd-4k").resolve("boot");
        for (Path file : List.of(settings, Path.of("/dev/zero"))) {
            err.reset();
            assertThat(run(
                            "unpack",
                            "--backend-type",
                            "s3",
                            "--backend-config-file",
                            file.toString(),
                            "--output",
                            folder.resolve("tar").toString(),
                            image.toString()))
                    .isEqualTo(1);
            assertThat(stderr()).startsWith("Error: ").contains("configuration").doesNotContain("\tat ");
        }
    }
}
