package io.nydus4j.linux.fanotify;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.linux.Errno;
import io.nydus4j.linux.Requirements;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.OpenFlags;
import io.nydus4j.linux.file.PosixFiles;
import io.nydus4j.linux.socket.Readiness;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Holds other processes back from a file with a hole. */
@Timeout(60)
final class PreContentGroupTest {
    private static final int SIZE = 1 << 20;

    @TempDir
    Path folder;

    @BeforeAll
    static void needRoot() {
        Requirements.rootAndPreContentEvents();
    }

    private static Descriptor open(Path file) throws IOException {
        byte[] path = file.toString().getBytes(StandardCharsets.UTF_8);
        return PosixFiles.open(Descriptor.WORKING_DIRECTORY, path, OpenFlags.READ_WRITE, 0);
    }

    private Path sparseFile() throws IOException {
        Path file = Files.createFile(folder.resolve("sparse"));
        try (Descriptor descriptor = open(file)) {
            descriptor.truncate(SIZE);
        }
        return file;
    }

    private static Process reader(Path file) throws IOException {
        return new ProcessBuilder("dd", "if=" + file, "bs=4096", "skip=3", "count=1", "status=none").start();
    }

    private static PreContentEvent next(PreContentGroup group, MemorySegment memory) throws IOException {
        assertThat(Readiness.awaitInput(group.descriptor(), Duration.ofSeconds(20)))
                .isTrue();
        assertThat(group.read(memory)).isTrue();
        return PreContentEvent.parse(memory);
    }

    @Test
    void aReaderWaitsUntilTheRangeIsThere() throws Exception {
        Path file = sparseFile();
        byte[] data = new byte[SIZE];
        Arrays.fill(data, (byte) 'x');
        try (PreContentGroup group = PreContentGroup.open();
                Descriptor writer = open(file);
                Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(PreContentEvent.SIZE, 8);
            group.mark(writer, PreContentGroup.PRE_ACCESS);
            Process process = reader(file);
            PreContentEvent event = next(group, memory);
            assertThat(event.mask() & PreContentGroup.PRE_ACCESS).isNotZero();
            assertThat(event.offset()).isLessThanOrEqualTo(3 * 4096);
            assertThat(event.offset() + event.count()).isGreaterThanOrEqualTo(4 * 4096);
            assertThat(process.waitFor(200, TimeUnit.MILLISECONDS)).isFalse();
            try (Descriptor read = Descriptor.adopt(event.descriptor())) {
                assertThat(read.status().ino()).isEqualTo(writer.status().ino());
                writer.writeAt(event.offset(), data, 0, (int) Math.min(event.count(), SIZE - event.offset()));
                group.allow(event.descriptor());
            }
            // More events may come for the rest of the range.
            while (!process.waitFor(50, TimeUnit.MILLISECONDS)) {
                if (group.read(memory)) {
                    PreContentEvent more = PreContentEvent.parse(memory);
                    group.allow(more.descriptor());
                    Descriptor.adopt(more.descriptor()).close();
                }
            }
            assertThat(process.getInputStream().readAllBytes()).isEqualTo(Arrays.copyOf(data, 4096));
        }
    }

    /** Events of files that are opened have no range, so two of them have room where one with a range has. */
    @Test
    void readsOneEventAtATime() throws Exception {
        Path one = Files.writeString(folder.resolve("one"), "1");
        Path two = Files.writeString(folder.resolve("two"), "2");
        try (PreContentGroup group = PreContentGroup.open();
                Descriptor directory = PosixFiles.openDirectory(
                        Descriptor.WORKING_DIRECTORY, folder.toString().getBytes(StandardCharsets.UTF_8));
                Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(PreContentEvent.SIZE, 8);
            group.markOpensIn(directory);
            Process first = new ProcessBuilder("cat", one.toString()).start();
            Process second = new ProcessBuilder("cat", two.toString()).start();
            assertThat(first.waitFor(300, TimeUnit.MILLISECONDS)).isFalse();
            assertThat(second.waitFor(300, TimeUnit.MILLISECONDS)).isFalse();
            for (int i = 0; i < 2; i++) {
                PreContentEvent event = next(group, memory);
                assertThat(event.asks()).isTrue();
                group.allow(event.descriptor());
                Descriptor.adopt(event.descriptor()).close();
            }
            assertThat(new String(first.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .isEqualTo("1");
            assertThat(new String(second.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .isEqualTo("2");
        }
    }

    @Test
    void asksOfOpensByNamesInAMarkedDirectoryOnly() throws Exception {
        Path other = Files.createDirectory(folder.resolve("other"));
        Path marked = Files.createDirectory(folder.resolve("marked"));
        Path file = Files.writeString(marked.resolve("a"), "a");
        Path linked = Files.createLink(other.resolve("link"), file);
        try (PreContentGroup group = PreContentGroup.open();
                Descriptor directory = PosixFiles.openDirectory(
                        Descriptor.WORKING_DIRECTORY, marked.toString().getBytes(StandardCharsets.UTF_8));
                Arena arena = Arena.ofConfined()) {
            group.markOpensIn(directory);
            assertThat(Files.readString(linked)).isEqualTo("a");
            Files.move(file, other.resolve("a"));
            assertThat(Files.readString(other.resolve("a"))).isEqualTo("a");
            assertThat(group.read(arena.allocate(PreContentEvent.SIZE, 8))).isFalse();
        }
    }

    @Test
    void aRefusedReaderFailsWithTheChosenError() throws Exception {
        Path file = sparseFile();
        try (PreContentGroup group = PreContentGroup.open();
                Descriptor marked = open(file);
                Arena arena = Arena.ofConfined()) {
            group.mark(marked, PreContentGroup.PRE_ACCESS);
            Process process = reader(file);
            PreContentEvent event = next(group, arena.allocate(PreContentEvent.SIZE, 8));
            try (Descriptor _ = Descriptor.adopt(event.descriptor())) {
                group.deny(event.descriptor(), Errno.EIO);
            }
            assertThat(process.waitFor()).isNotZero();
            assertThat(new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8))
                    .contains("Input/output error");
        }
    }

    @Test
    void nobodyIsAskedWithoutAMark() throws Exception {
        Path file = sparseFile();
        try (PreContentGroup group = PreContentGroup.open();
                Descriptor marked = open(file)) {
            group.mark(marked, PreContentGroup.PRE_ACCESS);
            group.unmark(marked, PreContentGroup.PRE_ACCESS);
            Process process = reader(file);
            assertThat(process.getInputStream().readAllBytes()).hasSize(4096);
            assertThat(Readiness.awaitInput(group.descriptor(), Duration.ZERO)).isFalse();
        }
    }

    @Test
    void knowsWhetherAFileSystemIsInUseThatCanBeSeenNowhere() throws Exception {
        Path mountPoint = Files.createDirectory(folder.resolve("mnt"));
        byte[] target = mountPoint.toString().getBytes(StandardCharsets.UTF_8);
        long device;
        try (PreContentGroup group = PreContentGroup.open()) {
            run("mount -t tmpfs none " + mountPoint + "; echo x > " + mountPoint + "/file; mount -o remount,ro "
                    + mountPoint);
            try (Descriptor directory = PosixFiles.open(
                    Descriptor.WORKING_DIRECTORY, target, OpenFlags.READ_ONLY | OpenFlags.DIRECTORY, 0)) {
                group.note(directory);
                device = directory.status().dev();
            }
            assertThat(group.isInUse(device)).isTrue();
            assertThat(group.isInUse(device + 1)).isFalse();
            try (Descriptor _ = openReadOnly(mountPoint.resolve("file"))) {
                run("umount -l " + mountPoint);
                assertThat(group.isInUse(device)).isTrue();
            }
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (group.isInUse(device)) { // the kernel ends it some time after the last file is closed
                assertThat(System.nanoTime()).isLessThan(end);
                Thread.sleep(5);
            }
        }
    }

    /** The kernel's limit for other groups is far below what may wait here. */
    @Test
    void noReaderIsForgottenHoweverManyWait() throws Exception {
        Path limit = Path.of("/proc/sys/fs/fanotify/max_queued_events");
        String usual = Files.readString(limit);
        Path file = sparseFile();
        int readers = 12;
        try (Arena arena = Arena.ofConfined()) {
            PreContentGroup opened;
            Files.writeString(limit, "2");
            try {
                opened = PreContentGroup.open();
            } finally {
                Files.writeString(limit, usual);
            }
            try (PreContentGroup group = opened;
                    Descriptor marked = open(file)) {
                group.mark(marked, PreContentGroup.PRE_ACCESS | PreContentGroup.ACCESS);
                List<Process> processes = new ArrayList<>();
                for (int i = 0; i < readers; i++) {
                    processes.add(reader(file));
                }
                MemorySegment memory = arena.allocate(PreContentEvent.SIZE, 8);
                for (Process process : processes) {
                    awaitWaiting(process);
                }
                int asked = 0;
                while (processes.stream().anyMatch(Process::isAlive)) {
                    if (group.read(memory)) {
                        PreContentEvent event = PreContentEvent.parse(memory);
                        assertThat(event.mask() & PreContentGroup.OVERFLOW).isZero();
                        try (Descriptor _ = Descriptor.adopt(event.descriptor())) {
                            if (event.asks()) {
                                asked++;
                                group.allow(event.descriptor());
                            }
                        }
                    } else {
                        Thread.sleep(1);
                    }
                }
                assertThat(asked).isGreaterThanOrEqualTo(readers);
            }
        }
    }

    /** Waits until the kernel holds a process back. */
    private static void awaitWaiting(Process process) throws Exception {
        Path where = Path.of("/proc/" + process.pid() + "/wchan");
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!Files.readString(where).contains("fanotify")) {
            assertThat(System.nanoTime())
                    .as("dd waits at " + Files.readString(where))
                    .isLessThan(end);
            Thread.sleep(5);
        }
    }

    private static void run(String script) throws Exception {
        assertThat(new ProcessBuilder("bash", "-ec", script).inheritIO().start().waitFor())
                .as(script)
                .isZero();
    }

    private static Descriptor openReadOnly(Path file) throws IOException {
        byte[] path = file.toString().getBytes(StandardCharsets.UTF_8);
        return PosixFiles.open(Descriptor.WORKING_DIRECTORY, path, OpenFlags.READ_ONLY, 0);
    }
}
