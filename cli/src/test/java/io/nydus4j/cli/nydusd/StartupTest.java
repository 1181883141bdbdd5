package io.nydus4j.cli.nydusd;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.daemon.FuseCondition;
import io.nydus4j.daemon.Golden;
import io.nydus4j.daemon.RecordedCase;
import io.nydus4j.daemon.Shell;
import io.nydus4j.daemon.api.DaemonClient;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Command lines recorded of the reference: which start a daemon, which fail and how, and that a message names what is wrong. */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class StartupTest {
    private static final String COMMAND = "nydusd";
    private static final Pattern NAMED = Pattern.compile("'([^' ]+)(?: <[^>]*>)?'|^  (--[a-z-]+)", Pattern.MULTILINE);
    private static final Pattern OPTION = Pattern.compile("^ +(?:(-[A-Za-z]), )?(--[a-z-]+)", Pattern.MULTILINE);
    private static final int AT_ONCE = 3;

    /** Modes that are not here: all that is asked of them is refused by name, but their help. */
    private static final Pattern MODE = Pattern.compile("nydusd (singleton|virtiofs|uffd|nbd)( .*)?");

    /** The reference tried a database that cannot be for ever, or took no notice of it; a user expects to hear of it at once. */
    private static final Set<String> REFUSED = Set.of("650-dedup-db-bad", "660-fuse-dedup-db");

    /** It failed where a container does not permit a million open files; a user expects a daemon that takes what there is. */
    private static final String LIMITED = "200-rlimit-default";

    /** What a message must hold where the reference's last line says too little. */
    private static final Map<String, String> CAUSES = Map.ofEntries(
            Map.entry("140-bad-rotation", "rotation"),
            Map.entry("190-rlimit-x", "rlimit-nofile"),
            Map.entry("250-mountpoint-missing", "<DIR>/nomp"),
            Map.entry("260-mountpoint-file", "<DIR>/c-v2.json: not a directory"),
            Map.entry("270-boot-without-config", "both --config and --localfs-dir are missing"),
            Map.entry("280-config-missing", "<DIR>/nofile"),
            Map.entry("290-boot-missing", "<DIR>/nofile"),
            Map.entry("300-boot-junk", "superblock"),
            Map.entry("340-prefetch-missing-file", "<DIR>/nofile"),
            Map.entry("350-config-empty", "failed to parse configuration information"),
            Map.entry("360-config-junk", "failed to parse configuration information"),
            Map.entry("370-config-version1", "invalid configuration"),
            Map.entry("380-config-badbackend", "invalid configuration"),
            Map.entry("390-config-emptydir", "invalid configuration"),
            Map.entry("410-config-wrongtype", "failed to parse configuration information"),
            Map.entry("420-config-baddir", "there is no such file in /nonexistent"),
            Map.entry("430-config-badworkdir", "/dev/null"),
            Map.entry("450-apisock-baddir", "/nonexistent/x.sock"),
            Map.entry("500-virtual-relative", "the virtual mount point x is not absolute"),
            Map.entry("650-dedup-db-bad", "/nonexistent/d.db"),
            Map.entry("660-fuse-dedup-db", "/nonexistent/d.db"));

    @TempDir
    Path directory;

    @BeforeAll
    static void needFuse() {
        FuseCondition.requireRootAndFuse();
    }

    @AfterEach
    void unmount() throws Exception {
        Shell.run(directory, "for mnt in mnt */mnt; do while umount -l \"$mnt\" 2>/dev/null; do :; done; done");
    }

    private static Stream<RecordedCase> cases() {
        return RecordedCase.all("startup").stream();
    }

    private static boolean runs(RecordedCase recorded) {
        boolean supported = !MODE.matcher(recorded.section("command").strip()).matches();
        return supported
                && !REFUSED.contains(recorded.name())
                && (recorded.section("exit").startsWith("still running")
                        || recorded.name().equals(LIMITED));
    }

    static Stream<RecordedCase> casesThatEnd() {
        return cases().filter(recorded -> !runs(recorded));
    }

    /** Makes what the command lines name, and the configuration of a case, which the recording does not hold. */
    private static void makeFiles(Path directory, String name) throws IOException {
        Files.createDirectories(directory.resolve("mnt"));
        Files.createDirectories(directory.resolve("cache"));
        Files.createDirectories(directory.resolve("fsd"));
        Files.createDirectories(directory.resolve("share/sub"));
        Files.writeString(directory.resolve("share/f"), "hello");
        Files.writeString(directory.resolve("junk"), "x".repeat(9000));
        Golden.of("v6-zstd-4k").copyBlobs(directory.resolve("blobs"));
        Files.writeString(directory.resolve("c-v2.toml"), "version = 2\n");
        String good = configuration(
                directory.resolve("blobs").toString(),
                directory.resolve("cache").toString());
        Files.writeString(directory.resolve("c-v2.json"), good);
        String bad = switch (name) {
            case "350-config-empty" -> "";
            case "360-config-junk" -> "junk";
            case "370-config-version1" -> good.replace("\"version\":2", "\"version\":1");
            case "380-config-badbackend" -> good.replace("\"type\":\"localfs\"", "\"type\":\"foo\"");
            case "390-config-emptydir" ->
                configuration("", directory.resolve("cache").toString());
            case "400-config-unknownfields" -> good.replace("\"version\":2", "\"version\":2,\"foo\":1");
            case "410-config-wrongtype" -> good.replace("\"version\":2", "\"version\":\"2\"");
            case "420-config-baddir" ->
                configuration("/nonexistent", directory.resolve("cache").toString());
            case "430-config-badworkdir" ->
                configuration(directory.resolve("blobs").toString(), "/dev/null/x");
            default -> good;
        };
        Files.writeString(directory.resolve("c-bad.json"), bad);
    }

    private static String configuration(String blobs, String cache) {
        return "{\"version\":2,\"id\":\"v2\",\"backend\":{\"type\":\"localfs\",\"localfs\":{\"dir\":\"" + blobs
                + "\"}},\"cache\":{\"type\":\"filecache\",\"filecache\":{\"work_dir\":\"" + cache
                + "\"}},\"rafs\":{\"mode\":\"direct\"}}";
    }

    private static String filled(String text, Path directory) {
        return text.replace("<DIR>", directory.toString())
                .replace(
                        "<FIXTURES>",
                        Path.of(System.getProperty("nydus4j.testdata"), "golden")
                                .toString());
    }

    /** Returns the words of a case's command line after the command. */
    private static List<String> words(RecordedCase recorded, Path directory) {
        List<String> words = new ArrayList<>(Arrays.asList(
                filled(recorded.section("command").strip(), directory).split(" ")));
        assertThat(words.removeFirst()).isEqualTo(COMMAND);
        return words;
    }

    @ParameterizedTest
    @MethodSource("casesThatEnd")
    void endsAsTheReferenceDidAndSaysWhy(RecordedCase recorded) throws Exception {
        makeFiles(directory, recorded.name());
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = Nydusd.run(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                words(recorded, directory).toArray(String[]::new));
        String said = err.toString(StandardCharsets.UTF_8);
        assertThat(NydusdProcess.mountsAt(directory.resolve("mnt")))
                .as("mounts that are left")
                .isZero();
        assertThat(said).doesNotContain("\tat ");
        Matcher mode = MODE.matcher(recorded.section("command").strip());
        boolean help = recorded.section("command").contains("--help");
        if (mode.matches()) {
            assertThat(code).isEqualTo(help ? 0 : 1);
            assertThat(help ? out.toString(StandardCharsets.UTF_8) : said)
                    .containsIgnoringCase("not supported yet")
                    .contains(mode.group(1));
            return;
        }
        int expected = REFUSED.contains(recorded.name())
                ? 1
                : Integer.parseInt(recorded.section("exit").strip());
        assertThat(code).as(said).isEqualTo(expected);
        if (code == 0) {
            compareOutput(
                    recorded.section("stdout ").isEmpty() ? recorded.section("stdout") : recorded.section("stdout "),
                    out.toString(StandardCharsets.UTF_8),
                    help);
        } else if (code == 1) {
            assertThat(said)
                    .startsWith("Error: ")
                    .contains(filled(CAUSES.getOrDefault(recorded.name(), "no cause is listed"), directory));
        } else {
            compareUsage(recorded.section("stderr (colour codes removed)"), said);
        }
    }

    /** Compares help by the options that it names; a version is our own, and says which of the reference's it stands for. */
    private static void compareOutput(String expected, String seen, boolean help) {
        if (help) {
            assertThat(OPTION.matcher(expected)
                            .results()
                            .map(option -> option.group(2))
                            .toList())
                    .isNotEmpty()
                    .allSatisfy(option -> assertThat(seen).contains(option));
        } else {
            assertThat(expected).contains("Version:");
            assertThat(seen).startsWith("Version:").contains("Compatible:");
        }
    }

    /** The first line is what scripts match; below it stand the options that are missing. */
    private static void compareUsage(String expected, String seen) {
        String problem = expected.substring(0, expected.indexOf("\n\n"));
        assertThat(seen).startsWith("error: ");
        NAMED.matcher(problem)
                .results()
                .forEach(named -> assertThat(seen).contains(named.group(1) == null ? named.group(2) : named.group(1)));
    }

    @Test
    void servesWhereTheReferenceDidAndEndsByAnOrder() throws Exception {
        List<Future<?>> started = new ArrayList<>();
        try (ExecutorService executor = Executors.newFixedThreadPool(AT_ONCE)) {
            for (RecordedCase recorded : cases().filter(StartupTest::runs).toList()) {
                started.add(executor.submit(() -> {
                    serve(recorded);
                    return null;
                }));
            }
        }
        assertThat(started).hasSizeGreaterThan(10);
        for (Future<?> each : started) {
            each.get();
        }
    }

    private void serve(RecordedCase recorded) throws Exception {
        Path own = Files.createDirectory(directory.resolve(recorded.name()));
        makeFiles(own, recorded.name());
        List<String> words = words(recorded, own);
        Map<String, String> environment = Map.of();
        if (words.getFirst().startsWith("IMAGE_PULL_AUTH=")) {
            environment = Map.of("IMAGE_PULL_AUTH", words.removeFirst().replaceFirst("[^=]*=", ""));
        }
        try (NydusdProcess daemon = NydusdProcess.start(own, environment, words.toArray(String[]::new))) {
            boolean waits = recorded.name().equals("550-upgrade");
            if (words.contains("-A")) {
                daemon.awaitState(own.resolve("api.sock"), waits ? "INIT" : "RUNNING");
            } else {
                daemon.awaitMount(own.resolve("mnt"));
            }
            String seen = waits ? "" : Shell.out(own, "timeout 30 find mnt -maxdepth 3 | sort | head -5");
            switch (recorded.name()) {
                case "490-virtual-mountpoint" -> assertThat(seen).contains("mnt/v/x/");
                case "480-shared-dir" ->
                    assertThat(Shell.out(own, "timeout 30 cat mnt/f")).isEqualTo("hello");
                case "180-thread-num-alias", "460-no-boot", LIMITED ->
                    assertThat(seen.strip()).isEqualTo("mnt");
                case "510-log-file" -> assertThat(own.resolve("lf.log")).exists();
                case "550-upgrade" ->
                    assertThat(new DaemonClient(own.resolve("api.sock"))
                                    .info()
                                    .backends()
                                    .orElseThrow())
                            .isEmpty();
                default -> assertThat(seen).contains("mnt/");
            }
            daemon.signal("TERM");
            assertThat(daemon.waitFor()).as(recorded.name() + daemon.log()).isZero();
            assertThat(NydusdProcess.mountsAt(own.resolve("mnt")))
                    .as("mounts that are left")
                    .isZero();
            assertThat(own.resolve("api.sock")).doesNotExist();
        }
    }
}
