package io.nydus4j.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.daemon.api.DaemonClient;
import io.nydus4j.daemon.api.MountRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Mounts for writing: directories of the host change as if there were no mount, images do not. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class WritingTest {
    private static final int CHANGES = 300;

    @TempDir
    Path directory;

    private Path mountPoint;
    private Path share;

    @BeforeAll
    static void needFuse() {
        FuseCondition.requireRootAndFuse();
    }

    @BeforeEach
    void makeFolders() throws Exception {
        mountPoint = Files.createDirectory(directory.resolve("mnt"));
        share = Files.createDirectory(directory.resolve("share"));
    }

    @AfterEach
    void unmount() throws Exception {
        Shell.unmountBelow(directory);
    }

    private NydusDaemon serveDirectory() throws IOException {
        return NydusDaemon.start(DaemonOptions.builder(mountPoint)
                .sharedDirectory(share)
                .writable(true)
                .build());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 3})
    void changesDoWhatTheyDoOnTheHost(long seed) throws Exception {
        Path expected = Files.createDirectory(directory.resolve("expected"));
        String tree = "mkdir -p d/e dir; head -c 20000 /dev/zero > f; ln f d/g; ln -s ../f d/h; chmod 1777 dir d";
        Shell.out(share, tree);
        Shell.out(expected, tree);
        String script = new ChangeScript(seed, List.of()).of(CHANGES);
        try (NydusDaemon _ = serveDirectory()) {
            String told = Shell.run(mountPoint, script).out();
            Listing.assertSame(told, Shell.run(expected, script).out());
            ChangeScript.assertSame(mountPoint, expected);
            ChangeScript.assertSame(share, expected);
        }
    }

    @Test
    void whatIsMadeBelongsToWhoMadeItWithExactlyItsMode() throws Exception {
        Shell.out(share, "mkdir open group; chmod 777 open; chown 0:77 group; chmod 2770 group");
        String script = """
            run() { setpriv --reuid=1234 --regid=4321 --groups=4321,77 bash -c "$1"; }
            run 'umask 0; cd open; touch all; mkdir alldir; mkfifo fifo; ln -s x link; umask 077; touch mine'
            run 'umask 002; cd group; touch theirs; mkdir below'
            run 'touch x; mkdir y' 2>&1
            run 'cd open; printf z > all; chmod 4755 all'
            setpriv --reuid=99 --regid=99 --clear-groups bash -c 'printf q >> open/all' 2>&1
            chmod 777 open/all; chmod u+s open/all
            setpriv --reuid=99 --regid=99 --clear-groups bash -c 'printf q >> open/all' 2>&1
            find . -printf '%P %y %m %U:%G\\n' | sort
            """;
        Path expected = directory.resolve("expected");
        Shell.out(directory, "cp -a share expected");
        try (NydusDaemon _ = serveDirectory()) {
            assertThat(Shell.out(mountPoint, script)).isEqualTo(Shell.out(expected, script));
        }
    }

    @Test
    void openFilesOutliveTheirNamesAndRangesAreKept() throws Exception {
        Shell.out(share, "truncate -s 3M holes; printf tail >> holes; head -c 3000000 /dev/urandom > data");
        try (NydusDaemon _ = serveDirectory()) {
            Shell.out(mountPoint, """
                exec 5<> gone; rm gone; printf 'still here' >&5
                [[ $(cat /proc/self/fd/5) == 'still here' ]]
                cp --sparse=auto holes copied; cmp holes copied; [[ $(stat -c %b copied) -lt 1000 ]]
                cp --reflink=never data twice; cmp data twice
                sync twice; sync -d data; sync .
                fallocate -p -o 8192 -l 4096 twice; fallocate -n -l 4M twice
                [[ $(stat -c %s twice) == 3000000 ]]
                head -c 4096 /dev/zero | cmp - <(dd if=twice bs=4096 skip=2 count=1 status=none)
                """);
            assertThat(Shell.out(share, "ls")).isEqualTo("copied\ndata\nholes\ntwice\n");
        }
    }

    @Test
    void renamesWithFlags() throws Exception {
        Shell.out(share, "printf 1 > one; printf 2 > two; mkdir dir");
        try (NydusDaemon _ = serveDirectory()) {
            Shell.out(mountPoint, """
                set -e
                declare -A numbers=([x86_64]=316 [aarch64]=276)
                ren() { perl -e 'exit(syscall(0 + shift(), -100, $ARGV[0], -100, $ARGV[1], 0 + $ARGV[2]) == 0 ? 0 : 1)' -- "$@"; }
                n=${numbers[$(uname -m)]}
                ! ren $n one two 1
                ren $n one dir 2
                ren $n two new 1
                """);
            assertThat(Shell.out(share, "cat dir new; rmdir one; ls")).isEqualTo("12dir\nnew\n");
        }
    }

    @Test
    void imagesSayThatTheyCannotBeChanged() throws Exception {
        Golden image = Golden.of("v6-zstd-4k");
        DaemonClient client = new DaemonClient(directory.resolve("api"));
        try (NydusDaemon _ = NydusDaemon.start(DaemonOptions.builder(mountPoint)
                .apiSocket(directory.resolve("api"))
                .writable(true)
                .build())) {
            client.mount("/image", image.requestIn(directory));
            client.mount("/host", new MountRequest(share.toString(), "passthrough_fs", "", Optional.empty()));
            String before = Listing.contents(mountPoint.resolve("image"));
            String refused = Shell.out(mountPoint, """
                cd image; exec 2>&1
                { printf x > sizes/text-1; } ; { printf x >> sizes/text-1; }; : <> sizes/text-1; : > new; : > sizes/text-1
                truncate -s 5 sizes/text-1; mkdir d; rmdir sizes; rm -f sizes/text-1; mv sizes/text-1 there; ln sizes/text-1 there
                ln -s x there; chmod 600 sizes; chown 1 sizes; touch sizes/text-1; mkfifo there; setfattr -n user.a -v b sizes
                cd ..; mkdir here; mv host there; ls > list; true
                """);
            assertThat(refused.lines())
                    .hasSize(20)
                    .allSatisfy(
                            line -> assertThat(line).containsAnyOf("Read-only file system", "Device or resource busy"));
            Shell.out(mountPoint, "printf kept > host/file; sync host/file; mv host/file host/moved");
            assertThat(Shell.run(mountPoint, "mv host/moved image/sizes/").err())
                    .contains("Read-only file system");
            assertThat(Shell.out(share, "cat moved")).isEqualTo("kept");
            assertThat(Listing.contents(mountPoint.resolve("image"))).isEqualTo(before);
        }
    }

    @Test
    void refusesDirectoriesThatHoldTheMountPoint() throws Exception {
        DaemonClient client = new DaemonClient(directory.resolve("api"));
        Path link = Files.createSymbolicLink(directory.resolve("link"), directory);
        assertThatThrownBy(() -> NydusDaemon.start(
                        DaemonOptions.builder(mountPoint).sharedDirectory(link).build()))
                .hasMessageContaining("would have to ask itself");
        Path below = Files.createDirectory(mountPoint.resolve("below"));
        Files.createDirectory(directory.resolve("mnt2"));
        try (NydusDaemon _ = NydusDaemon.start(DaemonOptions.builder(mountPoint)
                .apiSocket(directory.resolve("api"))
                .build())) {
            for (Path refused : List.of(directory, mountPoint, Path.of("/"))) {
                MountRequest request = new MountRequest(refused.toString(), "passthrough_fs", "", Optional.empty());
                assertThatThrownBy(() -> client.mount("/x", request)).hasMessageContaining("would have to ask itself");
            }
            client.mount(
                    "/x",
                    new MountRequest(directory.resolve("mnt2").toString(), "passthrough_fs", "", Optional.empty()));
        }
        assertThat(below).exists();
    }
}
