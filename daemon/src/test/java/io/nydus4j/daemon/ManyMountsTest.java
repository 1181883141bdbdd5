package io.nydus4j.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.daemon.api.DaemonClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** 200 images in one daemon, each with a backend and a cache of its own: what a mount costs, and that the last starts as the first. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class ManyMountsTest {
    private static final int MOUNTS = 200;
    /** Mounts after which the JVM has loaded and compiled what mounting takes. */
    private static final int WARM = 40;

    @TempDir
    Path directory;

    @BeforeAll
    static void needFuse() {
        FuseCondition.requireRootAndFuse();
    }

    @AfterEach
    void unmount() throws Exception {
        Shell.unmountBelow(directory);
    }

    @Test
    void anIdleMountCostsLittleAndTheLastStartsAsTheFirst() throws Exception {
        Path mountPoint = Files.createDirectory(directory.resolve("mnt"));
        Golden image = Golden.of("v6-zstd-4k");
        Path blobs = image.copyBlobs(directory.resolve("blobs"));
        DaemonClient client = new DaemonClient(directory.resolve("api"));
        try (DaemonProcess daemon = DaemonProcess.start(mountPoint, directory.resolve("api"))) {
            long[] micros = new long[MOUNTS];
            long before = 0;
            for (int i = 0; i < MOUNTS; i++) {
                if (i == WARM) {
                    before = daemon.anonymousKiB();
                }
                Path cache = Files.createDirectories(directory.resolve("caches/" + i));
                String config = Golden.configuration(blobs, Optional.of(cache)).toJson();
                long start = System.nanoTime();
                client.mount("/m" + i, image.request(config));
                micros[i] = (System.nanoTime() - start) / 1000;
            }
            long each = (daemon.anonymousKiB() - before) / (MOUNTS - WARM);
            long early = median(Arrays.copyOfRange(micros, WARM, WARM + 20));
            long late = median(Arrays.copyOfRange(micros, MOUNTS - 20, MOUNTS));
            System.out.println("anonymous memory of an idle mount: " + each + " KiB; mounting: " + micros[0]
                    + " us the first, " + early + " us early, " + late + " us late");
            assertThat(each).as("KiB of anonymous memory for an idle mount").isLessThan(300);
            assertThat(late)
                    .as("microseconds of a late mount, early ones " + early)
                    .isLessThan(early * 4 + 20_000);
            assertThat(Shell.out(mountPoint, "ls | wc -l; cat m199/sizes/noise-4096 | wc -c")
                            .split("\\s+"))
                    .containsExactly("200", "4096");
        }
    }

    private static long median(long[] values) {
        Arrays.sort(values);
        return values[values.length / 2];
    }
}
