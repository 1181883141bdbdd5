package io.nydus4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.build.CreateOptions;
import io.nydus4j.daemon.FuseCondition;
import io.nydus4j.daemon.NydusDaemon;
import io.nydus4j.daemon.Shell;
import io.nydus4j.rafs.RafsVersion;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a mount shows as its root, which everybody may enter whatever the image says. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class MountedRootTest {
    @TempDir
    Path directory;

    @BeforeEach
    void needFuse() {
        FuseCondition.requireRootAndFuse();
    }

    @AfterEach
    void unmount() throws Exception {
        Shell.unmountBelow(directory);
    }

    @ParameterizedTest
    @EnumSource(RafsVersion.class)
    void keepsItsSetGroupIdAndStickyBits(RafsVersion version) throws Exception {
        Path tree = Files.createDirectory(directory.resolve("tree"));
        Shell.out(tree, "chown 0:12 . && chmod 3770 .");
        BuiltImage image = BuiltImage.in(directory, CreateOptions.builder(tree).version(version));
        try (NydusDaemon _ = NydusDaemon.start(image.mounting().build())) {
            assertThat(Shell.out(directory, "stat -c '%a %g' mnt")).isEqualTo("3755 12\n");
        }
    }
}
