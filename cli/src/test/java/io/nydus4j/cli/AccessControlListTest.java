package io.nydus4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.build.CreateOptions;
import io.nydus4j.daemon.DaemonOptions;
import io.nydus4j.daemon.Driver;
import io.nydus4j.daemon.ErofsCondition;
import io.nydus4j.daemon.FuseCondition;
import io.nydus4j.daemon.NydusDaemon;
import io.nydus4j.daemon.Shell;
import io.nydus4j.rafs.RafsVersion;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The access control lists of an image permit and refuse what they do where it was built from. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class AccessControlListTest {
    /** What several users may read, and what the lists are; run once on the tree and once on the mount. */
    private static final String LOOK = """
        for user in 0 1234 1235 1236; do
            for file in open closed named mask plain below/file; do
                setpriv --reuid=$user --regid=$user --clear-groups cat $file >/dev/null 2>&1 && may=yes || may=no
                echo "$user $file $may"
            done
        done
        getfattr -h -m - -e hex -d open closed named mask plain below
        """;

    @TempDir
    Path directory;

    private Path tree;

    @BeforeEach
    void makeTree() throws Exception {
        FuseCondition.requireRootAndFuse();
        tree = Files.createDirectory(directory.resolve("tree"));
        // Version 2; then entries of tag, permissions, id: 1 owner, 2 user, 4 group, 8 named group, 16 mask, 32 others.
        Shell.out(tree, """
            entry() { printf '%02x00%02x00' "$1" "$2"; [[ $3 == - ]] && printf 'ffffffff' || printf '%02x%02x0000' $(($3 % 256)) $(($3 / 256)); }
            list() { local file=$1 kind=$2; shift 2; local value=0x02000000
                while (($# > 0)); do value+=$(entry "$1" "$2" "$3"); shift 3; done
                setfattr -n system.posix_acl_$kind -v "$value" "$file"; }
            for file in open closed named mask plain; do echo $file >$file; chmod 600 $file; done
            mkdir below; echo below >below/file; chmod 644 below/file; chmod 700 below
            list open access  1 6 -  2 4 1234  4 0 -  16 4 -  32 0 -
            list closed access  1 6 -  2 0 1234  4 4 -  16 4 -  32 4 -
            list named access  1 6 -  4 0 -  8 4 1235  16 4 -  32 0 -
            list mask access  1 6 -  2 6 1234  4 4 -  16 0 -  32 0 -
            list below access  1 7 -  2 5 1236  4 0 -  16 5 -  32 0 -
            list below default  1 7 -  2 5 1236  4 0 -  16 5 -  32 0 -
            chmod 755 .
            """);
        Shell.out(directory, "chmod 755 .");
    }

    @AfterEach
    void unmount() throws Exception {
        Shell.unmountBelow(directory);
    }

    @ParameterizedTest
    @EnumSource(RafsVersion.class)
    void aMountPermitsWhatTheTreeDoes(RafsVersion version) throws Exception {
        compare(mounting(version));
    }

    @Test
    void theKernelPermitsWhatTheTreeDoes() throws Exception {
        ErofsCondition.requireRootAndErofs();
        compare(mounting(RafsVersion.V6).driver(Driver.EROFS).runFolder(directory.resolve("run")));
    }

    private DaemonOptions.Builder mounting(RafsVersion version) throws Exception {
        return BuiltImage.in(directory, CreateOptions.builder(tree).version(version))
                .mounting();
    }

    private void compare(DaemonOptions.Builder options) throws Exception {
        String wanted = Shell.out(tree, LOOK);
        assertThat(wanted)
                .contains("1234 open yes", "1235 open no", "1234 closed no", "1235 named yes", "1234 mask no");
        assertThat(wanted).contains("1236 below/file yes", "1235 below/file no", "0 plain yes", "1234 plain no");
        try (NydusDaemon _ = NydusDaemon.start(options.build())) {
            Path mount = directory.resolve("mnt");
            assertThat(Shell.out(mount, LOOK)).isEqualTo(wanted);
            assertThat(Shell.out(mount, LOOK)).as("again").isEqualTo(wanted);
        }
    }
}
