package io.nydus4j.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.daemon.api.DaemonClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Images with an upper directory change as the same tree does under the kernel's overlayfs. */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class OverlayTest {
    private static final int CHANGES = 300;
    private static final List<String> KNOWN = List.of(
            "a-links",
            "a-links/third",
            "dup",
            "dup/one",
            "dup/other",
            "dup/other/four",
            "dup/relative-link",
            "empty",
            "empty/inner",
            "links",
            "links/first",
            "links/second",
            "links/sym",
            "modes",
            "modes/setuid",
            "modes/none",
            "sizes",
            "sizes/mixed-200000",
            "sizes/text-1",
            "sizes/text-0",
            "sizes/zeros-50000",
            "special",
            "special/fifo",
            "special/char",
            "xattr",
            "xattr/dir",
            "xattr/capability",
            "xattr/user",
            "short-link",
            "deep/d0/d1",
            "modes/sticky");

    @TempDir
    Path directory;

    private Path mountPoint;
    private Path lower;

    @BeforeAll
    static void needFuse() {
        FuseCondition.requireRootAndFuse();
    }

    @BeforeEach
    void makeFolders() throws Exception {
        mountPoint = Files.createDirectory(directory.resolve("mnt"));
        Shell.out(directory, "mkdir upper work cache expected expected-upper expected-work");
        lower = directory.resolve("lower");
    }

    @AfterEach
    void unmount() throws Exception {
        Shell.run(directory, "for m in mnt expected; do while umount -l $m 2>/dev/null; do :; done; done");
    }

    private void unpack(Golden image) throws Exception {
        image.copyBlobs(directory.resolve("blobs"));
        image.unpack(lower);
    }

    private NydusDaemon serve(Golden image, boolean writable) throws Exception {
        ImageSource source =
                new ImageSource(image.bootstrap(), Golden.writableConfiguration(directory), Optional.empty());
        return NydusDaemon.start(DaemonOptions.builder(mountPoint, source)
                .apiSocket(directory.resolve("api"))
                .writable(writable)
                .build());
    }

    private Path expected() throws Exception {
        Shell.out(
                directory,
                "mount -t overlay overlay -o lowerdir=lower,upperdir=expected-upper,workdir=expected-work,"
                        + "index=on,redirect_dir=off,metacopy=off,xino=off expected");
        return directory.resolve("expected");
    }

    @ParameterizedTest
    @CsvSource({"v6-zstd-4k, 11", "v5-lz4-4k, 13", "v6-batch, 14"})
    void changesDoWhatTheyDoUnderTheKernelsOverlayAndStay(String name, long seed) throws Exception {
        Golden image = Golden.of(name);
        unpack(image);
        String script = new ChangeScript(seed, KNOWN).of(CHANGES);
        Path expected = expected();
        try (NydusDaemon _ = serve(image, true)) {
            ChangeScript.assertSame(mountPoint, expected);
            Listing.assertSame(
                    Shell.run(mountPoint, script).out(),
                    Shell.run(expected, script).out());
            ChangeScript.assertSame(mountPoint, expected);
            Shell.out(directory, "echo 2 > /proc/sys/vm/drop_caches; [[ -z $(ls -A work/work) ]]");
            ChangeScript.assertSame(mountPoint, expected);
        }
        try (NydusDaemon _ = serve(image, false)) {
            ChangeScript.assertSame(mountPoint, expected);
            assertThat(Shell.run(mountPoint, "mkdir no").err()).contains("Read-only file system");
        }
    }

    @Test
    void openFilesSeeWhatIsWrittenToTheirCopies() throws Exception {
        Golden image = Golden.of("v6-zstd-4k");
        unpack(image);
        try (NydusDaemon _ = serve(image, true)) {
            Shell.out(mountPoint, """
                set -e
                exec 5< sizes/text-8192 6< sizes/mixed-200000 7< links/first
                head -c 10 <&5 > /dev/null
                printf changed | dd of=sizes/text-8192 conv=notrunc status=none
                [[ $(head -c 7 /proc/self/fd/5) == changed ]]
                rm sizes/mixed-200000
                cmp /proc/self/fd/6 ../lower/sizes/mixed-200000
                chmod 600 /proc/self/fd/6; [[ $(stat -L -c '%a %h' /proc/self/fd/6) == '600 0' ]]
                cmp /proc/self/fd/6 ../lower/sizes/mixed-200000
                printf linked > links/second
                [[ $(cat links/first a-links/third /proc/self/fd/7) == linkedlinkedlinked ]]
                [[ $(stat -c %h links/first) == 3 ]]
                [[ $(stat -c %h ../upper/a-links/third) == 3 ]]
                rm -r many; mkdir many; [[ -z $(ls -A many) ]]
                mkdir -p new/below; mv new dup/moved; rm -r dup/moved
                """);
            assertThat(Shell.out(directory, "ls upper/sizes")).isEqualTo("mixed-200000\ntext-8192\n");
            assertThat(Shell.out(directory, "stat -c '%F %t:%T' upper/sizes/mixed-200000"))
                    .isEqualTo("character special file 0:0\n");
            assertThat(Shell.out(directory, "getfattr -n user.fuseoverlayfs.opaque --only-values upper/many"))
                    .isEqualTo("y");
            assertThat(Shell.run(mountPoint, "getfattr -d -m - many").out()).isEmpty();
        }
    }

    @Test
    void readsTheMarksOfOthers() throws Exception {
        Golden image = Golden.of("v6-zstd-4k");
        unpack(image);
        Shell.out(directory.resolve("upper"), """
            mkdir dup sizes xattr; mknod short-link c 0 0
            setfattr -n trusted.overlay.opaque -v y dup; setfattr -n user.overlay.opaque -v y sizes
            setfattr -n user.fuseoverlayfs.opaque -v n xattr; touch dup/mine
            """);
        try (NydusDaemon _ = serve(image, true)) {
            assertThat(Shell.out(mountPoint, "ls -A dup sizes; ls xattr | wc -l; stat short-link 2>&1 | tail -n 1"))
                    .isEqualTo("dup:\nmine\n\nsizes:\n8\nstat: cannot statx 'short-link': No such file or directory\n");
        }
    }

    @Test
    void aKillLeavesNoHalfCopies() throws Exception {
        Golden image = Golden.of("v6-zstd-4k");
        unpack(image);
        String config = Golden.writableConfiguration(directory).toJson();
        DaemonClient client = new DaemonClient(directory.resolve("api"));
        int copied = 0;
        for (int round = 0; round < 4; round++) {
            try (DaemonProcess daemon = DaemonProcess.start(mountPoint, directory.resolve("api"))) {
                client.mount("/i", image.request(config));
                Process toucher = new ProcessBuilder(
                                "bash", "-c", "for f in i/sizes/* i/many/* i/dup/*; do chmod u+w $f; done")
                        .directory(mountPoint.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start();
                while (toucher.isAlive() && filesIn(directory.resolve("upper")) < 5 + 20 * round) {
                    Thread.sleep(2);
                }
                daemon.kill();
                toucher.destroyForcibly().waitFor();
            }
            Shell.unmountBelow(directory);
            String files = Shell.out(directory.resolve("upper"), "find . -type f -exec sha256sum {} +");
            String known = Listing.contents(lower);
            files.lines().forEach(line -> assertThat(known).contains(line));
            copied = (int) files.lines().count();
        }
        assertThat(copied).isPositive();
    }

    private static long filesIn(Path folder) throws Exception {
        try (Stream<Path> files = Files.find(folder, 9, (path, status) -> status.isRegularFile())) {
            return files.count();
        }
    }

    @Test
    void aCopyThatCannotBeMadeChangesNothing() throws Exception {
        Golden image = Golden.of("v6-zstd-4k");
        unpack(image);
        String before = Listing.contents(lower);
        Shell.out(directory, "mkdir small; mount -t tmpfs -o size=120k small small; mkdir small/upper small/work");
        Shell.out(directory, "rmdir upper work; ln -s small/upper small/work .");
        try (NydusDaemon _ = serve(image, true)) {
            assertThat(Shell.run(mountPoint, "printf x >> sizes/mixed-200000").err())
                    .contains("No space left on device");
            assertThat(Listing.contents(mountPoint)).isEqualTo(before);
            assertThat(Shell.out(directory, "ls -A small/work/work; find small/upper -type f"))
                    .isEmpty();
            Shell.out(mountPoint, "printf x >> sizes/text-512; [[ $(wc -c < sizes/text-512) == 513 ]]");
        }
        Shell.out(directory, """
            rm -rf cache/*; f=$(echo blobs/*)
            dd if=/dev/zero of=$f bs=1024 count=$(($(stat -c %s $f) / 2048)) conv=notrunc status=none
            """);
        try (NydusDaemon _ = serve(image, true)) {
            Shell.out(mountPoint, """
                for f in dup/* sizes/*; do [[ -f $f ]] && ! cat "$f" > /dev/null 2>&1 && break; done
                message=$({ printf x >> "$f"; } 2>&1); [[ $message == *'Input/output error' ]] || exit 1
                rm "$f"; [[ ! -e $f && $(wc -c < sizes/text-512) == 513 ]]
                """);
            assertThat(Shell.out(directory, "ls -A small/work/work; find small/upper -type f"))
                    .isEqualTo("small/upper/sizes/text-512\n");
        } finally {
            Shell.run(directory, "umount -l mnt small");
        }
    }

    @Test
    void refusesDirectoriesThatCannotBeUsed() throws Exception {
        Golden image = Golden.of("v6-zstd-4k");
        unpack(image);
        DaemonClient client = new DaemonClient(directory.resolve("api"));
        String good = Golden.writableConfiguration(directory).toJson();
        String upper = directory.resolve("upper").toString();
        String work = directory.resolve("work").toString();
        try (NydusDaemon _ = NydusDaemon.start(DaemonOptions.builder(mountPoint)
                .apiSocket(directory.resolve("api"))
                .writable(true)
                .build())) {
            refused(client, image, good.replace(work, ""), "workdir and upperdir must be specified");
            refused(client, image, good.replace(upper, upper + "-none"), "No such file or directory");
            refused(client, image, good.replace(work, "/dev/shm/nydus4j-work"), "on different file systems");
            refused(client, image, good.replace(work, upper + "/w"), "within upper_dir");
            refused(client, image, good.replace(upper, mountPoint.toString()), "would have to ask itself");
            client.mount("/a", image.request(good));
            refused(client, image, good, "in use by another overlay");
            assertThatThrownBy(() -> client.remount("/a", image.request(good))).hasMessageContaining("type mismatch");
            client.unmount("/a");
            client.mount("/b", image.request(good));
        } finally {
            Shell.run(directory, "rmdir /dev/shm/nydus4j-work/work /dev/shm/nydus4j-work");
        }
    }

    private static void refused(DaemonClient client, Golden image, String config, String why) {
        assertThatThrownBy(() -> client.mount("/x", image.request(config))).hasMessageContaining(why);
    }
}
