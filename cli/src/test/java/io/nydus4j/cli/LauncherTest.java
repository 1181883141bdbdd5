package io.nydus4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.daemon.ErofsCondition;
import io.nydus4j.daemon.FuseCondition;
import io.nydus4j.daemon.Golden;
import io.nydus4j.daemon.Shell;
import io.nydus4j.storage.http.FaultyServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The commands as users start them: by the scripts in bin, on the module path, which tests on the class path do not show. */
@Timeout(value = 8, unit = TimeUnit.MINUTES)
class LauncherTest {
    private static final Path ROOT =
            Path.of(System.getProperty("nydus4j.testdata")).toAbsolutePath().getParent();

    @TempDir
    Path directory;

    /** Has the launcher build the commands, where that is possible. */
    @BeforeAll
    static void build() throws Exception {
        FuseCondition.requireRootAndFuse();
        Launchers.build();
    }

    @AfterEach
    void unmount() throws Exception {
        Shell.unmountBelow(directory);
    }

    @Test
    void buildsImagesOfLayersThatZstdCompressed() throws Exception {
        String image = "NYDUS4J_AOT=off '" + ROOT.resolve("bin/nydus-image") + "' ";
        String layer = " '" + ROOT.resolve("testdata/stargz/tree-16k.zst") + "'";
        Shell.out(directory, image + "create -t targz-rafs -B boot -b blob" + layer);
        Shell.out(directory, image + "create -t estargztoc-ref --chunk-size 0x4000 --blob-id layer -B toc" + layer);
        Shell.out(directory, image + "check boot && " + image + "check toc");
    }

    @Test
    void standardStreamsMayBeClosed() throws Exception {
        String image = "NYDUS4J_AOT=off '" + ROOT.resolve("bin/nydus-image") + "' ";
        Shell.out(directory, image + "create -t tar-rafs -B boot -b blob /dev/stdin <&-");
        Shell.out(directory, image + "check boot >&-");
        Shell.out(directory, image + "check boot 2>&-");
    }

    @Test
    void mountsAnImageWhoseDataIsInARegistry() throws Exception {
        Golden image = Golden.of("v6-zstd-4k");
        Files.createDirectory(directory.resolve("mnt"));
        try (FaultyServer registry = FaultyServer.start();
                Stream<Path> blobs = Files.list(image.copyBlobs(directory.resolve("blobs")))) {
            for (Path blob : blobs.toList()) {
                registry.with(blob.getFileName().toString(), Files.readAllBytes(blob));
            }
            Files.writeString(
                    directory.resolve("config.json"), """
                        {"version":2,"backend":{"type":"registry","registry":{"scheme":"http","host":"%s","repo":"some/repo","auth":""}},
                        "cache":{"type":"filecache","filecache":{"work_dir":"%s"}},"rafs":{"mode":"direct"}}\
                        """.formatted(registry.host(), directory.resolve("cache")));
            String seen =
                    Shell.out(directory, """
                        NYDUS4J_AOT=off timeout 60 "$1/bin/nydusd" -B "$2" -C config.json -M mnt --rlimit-nofile 0 2> log &
                        for _ in {1..300}; do mountpoint -q mnt && break; sleep 0.1; done
                        cat mnt/sizes/noise-40000 | wc -c
                        umount mnt
                        wait $! && echo ended\
                        """, ROOT.toString(), image.bootstrap().toString());
            assertThat(seen).isEqualTo("40000\nended\n");
            assertThat(registry.requests()).isNotEmpty();
        }
    }

    /** The guard is another main class of the same modules. */
    @Test
    void unmountsWhatNobodyFollowsTheDaemonOf() throws Exception {
        ErofsCondition.requireRootAndErofs();
        Golden image = Golden.of("v6-zstd-4k");
        Files.createDirectory(directory.resolve("mnt"));
        Files.writeString(
                directory.resolve("config.json"),
                Golden.configuration(
                                image.copyBlobs(directory.resolve("blobs")), Optional.of(directory.resolve("cache")))
                        .toJson());
        String seen =
                Shell.out(directory, """
                    NYDUS4J_AOT=off timeout 60 "$1/bin/nydusd" --driver erofs --unmount-on-orphan 1 --run-dir run -B "$2" \\
                        -C config.json -M mnt --rlimit-nofile 0 2> log &
                    for _ in {1..300}; do mountpoint -q mnt && break; sleep 0.1; done
                    kill -9 $(grep -h -o '"pid":[0-9]*' run/erofs.json run/holder.json | cut -d: -f2)
                    cat mnt/sizes/noise-40000 2>&1 | grep -a -o 'Input/output error'
                    for _ in {1..300}; do [[ -e run/guard.json ]] || break; sleep 0.1; done
                    mountpoint -q mnt || echo unmounted
                    """, ROOT.toString(), image.bootstrap().toString());
        assertThat(seen).isEqualTo("Input/output error\nunmounted\n");
    }
}
