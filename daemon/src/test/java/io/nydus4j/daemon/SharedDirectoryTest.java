package io.nydus4j.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.daemon.api.ApiException;
import io.nydus4j.daemon.api.DaemonClient;
import io.nydus4j.daemon.api.MountRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Directories of the host, seen through the mount: they look as they are. */
@Timeout(value = 1, unit = TimeUnit.MINUTES)
class SharedDirectoryTest {
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
        Shell.out(share, """
            mkdir -p deep/er/est many 'with space' private
            head -c 3000000 /dev/urandom > deep/big
            truncate -s 5M deep/er/sparse
            printf '%s' tail >> deep/er/sparse
            ln deep/big 'with space/big'
            touch $'name\\xff\\xfe' empty
            for i in $(seq 600); do : > many/a-name-of-some-length-$i; done
            ln -s /etc/passwd absolute
            ln -s ../../../../etc/passwd outwards
            ln -s deep/big relative
            mkfifo pipe
            mknod device c 1 3
            setfattr -n user.note -v 'a value' deep/big
            setfattr -n user.empty deep
            setfattr -h -n trusted.link -v x relative 2>/dev/null || true
            chown 1234:4321 empty
            chmod 4750 deep/big
            chmod 700 private
            touch -h -d '1999-12-31 23:59:59.123456789' relative empty deep/er
            """);
        Shell.out(directory, "echo secret > outside");
    }

    @AfterEach
    void unmount() throws Exception {
        Shell.unmountBelow(directory);
    }

    private NydusDaemon serveDirectory() throws IOException {
        return NydusDaemon.start(DaemonOptions.builder(mountPoint)
                .sharedDirectory(share)
                .apiSocket(directory.resolve("api"))
                .build());
    }

    private static void assertSame(Path seen, Path expected) throws Exception {
        Listing.assertSame(Listing.attributes(seen), Listing.attributes(expected));
        Listing.assertSame(Listing.contents(seen), Listing.contents(expected));
        Listing.assertSame(Listing.xattrs(seen), Listing.xattrs(expected));
        Listing.assertSame(Listing.hardLinks(seen), Listing.hardLinks(expected));
        assertThat(Listing.devices(seen)).isEqualTo(Listing.devices(expected));
        assertThat(Shell.out(seen, "stat -f -c '%s %b %c %l' deep"))
                .isEqualTo(Shell.out(expected, "stat -f -c '%s %b %c %l' deep"));
    }

    @Test
    void looksAsTheDirectoryItself() throws Exception {
        try (NydusDaemon _ = serveDirectory()) {
            assertSame(mountPoint, share);
            assertThat(Shell.out(mountPoint, "ls -U many | sort -u | wc -l; find many -type f | wc -l")
                            .split("\\s+"))
                    .containsExactly("600", "600");
            assertThat(new DaemonClient(directory.resolve("api"))
                            .info()
                            .backends()
                            .orElseThrow())
                    .containsOnlyKeys("/");
        }
    }

    @Test
    void showsWhatChangesThereAndChangesNothing() throws Exception {
        try (NydusDaemon _ = serveDirectory()) {
            Shell.out(mountPoint, "cat deep/big deep/er/sparse > /dev/null; ls deep > /dev/null");
            Shell.out(share, "printf new > deep/later; printf xxxx | dd of=deep/big conv=notrunc status=none");
            assertThat(Shell.out(mountPoint, "cat deep/later; head -c 4 deep/big"))
                    .isEqualTo("newxxxx");
            assertThat(Shell.run(mountPoint, "touch deep/mine").err()).contains("Read-only file system");
            assertThat(Shell.run(mountPoint, "setfattr -n user.x -v y empty").err())
                    .contains("Read-only file system");
            assertThat(Shell.run(mountPoint, "cat deep/nothing").err()).contains("No such file or directory");
            Shell.out(
                    directory,
                    "exec 9< mnt/with\\ space/big; rm share/deep/big share/with\\ space/big; "
                            + "[[ $(wc -c <&9) == 3000000 ]]");
        }
    }

    @Test
    void standsBesideImagesThatTellTheKernelNotToOpenFiles() throws Exception {
        Golden image = Golden.of("v6-zstd-4k");
        DaemonClient client = new DaemonClient(directory.resolve("api"));
        MountRequest request = new MountRequest(share.toString(), "passthrough_fs", "", Optional.empty());
        try (NydusDaemon _ = NydusDaemon.start(DaemonOptions.builder(mountPoint)
                .apiSocket(directory.resolve("api"))
                .build())) {
            client.mount("/image", image.requestIn(directory));
            Shell.out(mountPoint, "cat image/sizes/* | wc -c");
            client.mount("/host", request);
            assertSame(mountPoint.resolve("host"), share);
            Shell.out(share, "printf yyyy | dd of=deep/big conv=notrunc status=none; sleep 0.1");
            client.unmount("/host");
            assertThat(Shell.out(mountPoint, "ls -A host")).isEmpty();
            client.mount("/host", request);
            assertThat(Shell.out(mountPoint, "head -c 4 host/deep/big")).isEqualTo("yyyy");
            assertThatThrownBy(() -> client.mount(
                            "/file",
                            new MountRequest(
                                    directory.resolve("outside").toString(), "passthroughfs", "", Optional.empty())))
                    .isInstanceOf(ApiException.class)
                    .hasMessageContaining("Not a directory (os error 20)");
        }
    }

    @Test
    void aMissingDirectoryEndsTheStart() {
        assertThatThrownBy(() -> NydusDaemon.start(DaemonOptions.builder(mountPoint)
                        .sharedDirectory(directory.resolve("none"))
                        .build()))
                .isInstanceOf(IOException.class)
                .hasMessage("passthroughfs failed to handle request, No such file or directory (os error 2)");
    }
}
