package io.nydus4j.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.daemon.api.JsonValue;
import io.nydus4j.daemon.http.HttpExchange;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Replays recorded requests that mount, remount and unmount, and looks at the mount in between as the recording did. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class MountApiTest {
    private static final Pattern LIST = Pattern.compile("ls (\\S+) -> \\[(.*)]");
    private static final Pattern STAT = Pattern.compile("stat (\\S+) -> ino ([0-9]+) .*?mode ([0-9]+) nlink ([0-9]+) "
            + "size ([0-9]+) blocks ([0-9]+) uid 0 gid 0");
    private static final Pattern MISSING = Pattern.compile("ls (\\S+) -> errno 2");

    /**
     * Cases in which this daemon is better on purpose: metrics do not vanish with another mount of the same configuration, a record
     * goes with its mount whatever text named it, and what is mounted shows up at once.
     */
    private static final Set<String> DIFFERENT = Set.of(
            "fuse-api-mounts/730-metrics-backend-a-after-umount",
            "fuse-api-mounts/820-daemon-end",
            "fuse-sharing/150-backend-metrics-after-umount-a",
            "fuse-sharing/160-blobcache-after-umount-a",
            "fuse-sharing/170-backend-metrics-after-read",
            "fuse-sharing/230-blobcache-after-remount2",
            "fuse-sharing/250-blobcache-after-remount3",
            "fuse-sharing/340-daemon-leftover",
            "fuse-sharing/380-daemon-percent");

    /** What the recording saw of the mount there hung on what the kernel happened to remember. */
    private static final Set<String> STALE = Set.of(
            "fuse-api-mounts/800-mount-root", "fuse-api-mounts/810-umount-root", "fuse-api-mounts/820-daemon-end");

    /** A node of the shared directory: its index is recorded, the rest is the directory's own. */
    private static final Pattern SHARED = Pattern.compile("stat /p(\\S*) -> ino \\d+ \\(0x(\\w+)\\w{14}\\) .*");

    @TempDir
    Path directory;

    private Path mountPoint;

    @BeforeAll
    static void needFuse() {
        FuseCondition.requireRootAndFuse();
    }

    @BeforeEach
    void makeFolders() throws Exception {
        mountPoint = Files.createDirectory(directory.resolve("mnt"));
        Files.createDirectory(directory.resolve("cache"));
        Files.createDirectories(directory.resolve("share/sub"));
        Files.writeString(directory.resolve("share/f"), "hello");
        Files.write(directory.resolve("junk"), "x".repeat(9000).getBytes(StandardCharsets.US_ASCII));
        Files.createFile(directory.resolve("empty"));
        Golden.of("v6-zstd-4k").copyBlobs(directory.resolve("blobs"));
        Golden.of("v5-lz4-4k").copyBlobs(directory.resolve("blobs"));
        Files.copy(
                Path.of(System.getProperty("nydus4j.testdata"), "golden/merge-v6/boot"),
                directory.resolve("boot-other"));
    }

    @AfterEach
    void unmount() throws Exception {
        Shell.unmountBelow(directory);
    }

    @Test
    void mountsAndUnmountsAsTheReferenceDid() throws Exception {
        replay("fuse-api-mounts");
    }

    @Test
    void sharesAndRemountsAsTheReferenceDid() throws Exception {
        replay("fuse-sharing");
    }

    private void replay(String folder) throws Exception {
        List<String> differences = new ArrayList<>();
        try (NydusDaemon daemon = NydusDaemon.start(DaemonOptions.builder(mountPoint)
                .apiSocket(directory.resolve("api.sock"))
                .build())) {
            assertThat(daemon.mountTable().mounts()).isEmpty();
            for (RecordedCase recorded : RecordedCase.all(folder)) {
                String name = folder + "/" + recorded.name();
                if (!STALE.contains(name)) {
                    look(name, recorded.section("before"), differences);
                }
                HttpExchange exchange = HttpExchange.send(
                        directory.resolve("api.sock"), filled(recorded).request());
                if (!DIFFERENT.contains(name)) {
                    compare(name, recorded, exchange, differences);
                }
            }
        }
        assertThat(differences).isEmpty();
    }

    private RecordedCase filled(RecordedCase recorded) {
        return recorded.with("request", fill(recorded.section("request").replace("Content-Length: <LENGTH>\n", "")));
    }

    private String fill(String text) {
        return text.replace("<DIR>", directory.toString())
                .replace(
                        "<FIXTURES>",
                        Path.of(System.getProperty("nydus4j.testdata"), "golden")
                                .toString());
    }

    private void look(String name, String before, List<String> differences) throws Exception {
        for (String line : before.lines().toList()) {
            Matcher list = LIST.matcher(line);
            if (list.matches()) {
                String expected = list.group(2)
                        .replaceAll("', '", "\n")
                        .replaceAll("^'|'$", "")
                        .replaceAll("(?m)^q\\n", ""); // was never mounted on
                String seen = new String(
                                Shell.out(directory, "ls -A mnt\"$1\" | LC_ALL=C sort", list.group(1))
                                        .getBytes(StandardCharsets.ISO_8859_1),
                                StandardCharsets.UTF_8)
                        .strip();
                check(name + ": " + line, seen, expected, differences);
            }
            Matcher shared = SHARED.matcher(line);
            Matcher stat = STAT.matcher(line);
            if (shared.matches()) {
                String format = "stat -c '%f %h %s %b %u %g %y' ";
                String expected = Shell.out(directory, format + "share\"$1\"", shared.group(1));
                String seen = Shell.out(directory, format + "mnt/p\"$1\"", shared.group(1));
                check(name + ": " + line, seen, expected, differences);
                String number = Shell.out(directory, "printf %x $(stat -c %i mnt/p\"$1\")", shared.group(1));
                check(name + ": " + line, number.substring(0, number.length() - 14), shared.group(2), differences);
            } else if (stat.matches()) {
                String seen = Shell.out(
                        directory, "printf '%s %o %s %s %s' $(stat -c '%i 0x%f %h %s %b' mnt\"$1\")", stat.group(1));
                String expected = "%s %s %s %s %s"
                        .formatted(stat.group(2), stat.group(3), stat.group(4), stat.group(5), stat.group(6));
                check(name + ": " + line, seen, expected, differences);
            }
            Matcher missing = MISSING.matcher(line);
            if (missing.matches()) {
                int code =
                        Shell.run(directory, "ls mnt\"$1\"", missing.group(1)).code();
                check(name + ": " + line, Integer.toString(code), "2", differences);
            }
        }
    }

    private void compare(String name, RecordedCase recorded, HttpExchange exchange, List<String> differences)
            throws Exception {
        check(name, Integer.toString(exchange.status()), Integer.toString(recorded.status()), differences);
        boolean counted = recorded.section("request").contains("/metrics") && recorded.status() == 200;
        if (counted || recorded.body().isEmpty()) {
            return;
        }
        if (recorded.section("request").startsWith("GET /api/v1/daemon HTTP") && exchange.status() == 200) {
            JsonValue expected = JsonValue.parse(fill(recorded.body())).get("backend_collection");
            JsonValue seen = JsonValue.parse(exchange.body()).get("backend_collection");
            check(name, withoutTimes(seen), withoutTimes(expected), differences);
            return;
        }
        check(name, withoutColumn(exchange.body()), withoutColumn(fill(recorded.body())), differences);
    }

    private static String withoutTimes(JsonValue value) {
        return value.toJson().replaceAll("\"mounted_time\":\"[^\"]*\"", "\"mounted_time\":\"\"");
    }

    private static String withoutColumn(String body) {
        return body.replaceAll("column: ([0-9]+|<N>)", "column: N");
    }

    private static void check(String what, String seen, String expected, List<String> differences) {
        if (!seen.equals(expected)) {
            differences.add(what + "\n  seen     " + seen + "\n  expected " + expected);
        }
    }
}
