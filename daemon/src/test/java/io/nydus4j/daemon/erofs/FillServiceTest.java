package io.nydus4j.daemon.erofs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.daemon.ErofsCondition;
import io.nydus4j.daemon.erofs.FillJournal.Slot;
import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.fanotify.PreContentEvent;
import io.nydus4j.linux.fanotify.PreContentGroup;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.linux.file.OpenFlags;
import io.nydus4j.linux.file.PosixFiles;
import io.nydus4j.linux.socket.Readiness;
import io.nydus4j.storage.LazyBlob;
import io.nydus4j.storage.Pin;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Lets a daemon die at each point of a reader's life; a successor must give the reader its bytes, and nobody else's answer. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class FillServiceTest {
    private static final int SIZE = 64 << 10;
    private static final int PAGE = 4096;

    @TempDir
    Path directory;

    private final byte[] data = new byte[SIZE];
    private final AtomicInteger pins = new AtomicInteger();
    private Path file;
    private Descriptor writer;

    /** What the daemon has done for the reader when it dies. */
    private enum Point {
        NOTHING,
        HEARD,
        LOOKED_AT,
        FILLED,
        ANSWERED,
        WRITTEN_DOWN
    }

    @BeforeEach
    void prepare() throws Exception {
        ErofsCondition.requireRootAndErofs();
        Arrays.fill(data, (byte) 'x');
        file = directory.resolve("sparse");
        writer = PosixFiles.open(
                Descriptor.WORKING_DIRECTORY,
                NativePath.bytes(file),
                OpenFlags.READ_WRITE | OpenFlags.CREATE | OpenFlags.CLOSE_ON_EXEC,
                0600);
        writer.truncate(SIZE);
    }

    @AfterEach
    void close() throws IOException {
        if (writer != null) {
            writer.close();
        }
    }

    static Stream<Arguments> deaths() {
        return Stream.of(Point.values())
                .flatMap(point -> Stream.of(Arguments.of(point, false), Arguments.of(point, true)));
    }

    @ParameterizedTest
    @MethodSource("deaths")
    void aSuccessorServesTheReaderOfADaemonThatDied(Point point, boolean evicts) throws Exception {
        Path journal = directory.resolve("journal");
        PreContentGroup group = PreContentGroup.open();
        Descriptor held = group.descriptor().duplicate();
        group.mark(writer, PreContentGroup.PRE_ACCESS | PreContentGroup.ACCESS);
        Process reader = reader();
        assertThat(Readiness.awaitInput(group.descriptor(), Duration.ofSeconds(20)))
                .isTrue();
        diesAt(point, group, journal);
        try (Blob blob = new Blob(evicts);
                FillService next = FillService.over(PreContentGroup.adopt(held), journal)) {
            next.add(blob, ReadObserver.NONE);
            next.begin();
            assertThat(reader.getInputStream().readAllBytes()).isEqualTo(Arrays.copyOf(data, PAGE));
            assertThat(reader().getInputStream().readAllBytes()).isEqualTo(Arrays.copyOf(data, PAGE));
            awaitNothingLeft(journal);
        }
    }

    /** A successor opens files that are marked, so the kernel asks it about what it writes, to the end. */
    @Test
    @Timeout(value = 1, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void oneThatFollowedAnotherWritesToTheEndAndLeavesNewReadersToTheNext() throws Exception {
        Path journal = directory.resolve("journal");
        PreContentGroup group = PreContentGroup.open();
        Descriptor held = group.descriptor().duplicate();
        group.mark(writer, PreContentGroup.PRE_ACCESS);
        Process late;
        try (Descriptor asked = PosixFiles.open(
                        Descriptor.WORKING_DIRECTORY,
                        NativePath.bytes(file),
                        OpenFlags.READ_WRITE | OpenFlags.CLOSE_ON_EXEC,
                        0);
                SlowBlob slow = new SlowBlob(asked);
                FillService second = FillService.over(group, journal)) {
            second.add(slow, ReadObserver.NONE);
            second.begin();
            Process first = reader();
            slow.asked.await();
            Thread leaving = Thread.ofPlatform().daemon().start(second::leave);
            awaitWaiting(leaving);
            late = reader();
            slow.mayWrite.countDown();
            assertThat(first.getInputStream().readAllBytes()).isEqualTo(Arrays.copyOf(data, PAGE));
            assertThat(leaving.join(Duration.ofSeconds(20))).isTrue();
            asked.writeAt(0, data, 0, PAGE); // as what is fetched ahead
        }
        assertThat(late.isAlive()).isTrue();
        try (Blob blob = new Blob(false);
                FillService third = FillService.over(PreContentGroup.adopt(held), journal)) {
            third.add(blob, ReadObserver.NONE);
            third.begin();
            assertThat(late.getInputStream().readAllBytes()).isEqualTo(Arrays.copyOf(data, PAGE));
            awaitNothingLeft(journal);
        }
    }

    @Test
    void oneThatCannotTakeAMountOverLeavesItsReadersToTheNext() throws Exception {
        Path journal = directory.resolve("journal");
        PreContentGroup group = PreContentGroup.open();
        Descriptor held = group.descriptor().duplicate();
        group.mark(writer, PreContentGroup.PRE_ACCESS);
        Process reader;
        try (Blob blob = new Blob(false);
                Blob gone = new Blob(false) {
                    @Override
                    public Optional<Path> file() {
                        return Optional.of(directory.resolve("gone"));
                    }
                };
                FillService second = FillService.over(group, journal)) {
            List<Blob> blobs = List.of(blob, gone);
            assertThatThrownBy(() -> ErofsMounted.attach(second, blobs, directory, ReadObserver.NONE))
                    .isInstanceOf(IOException.class);
            reader = reader();
        }
        try (Blob blob = new Blob(false);
                FillService third = FillService.over(PreContentGroup.adopt(held), journal)) {
            third.add(blob, ReadObserver.NONE);
            third.begin();
            assertThat(reader.getInputStream().readAllBytes()).isEqualTo(Arrays.copyOf(data, PAGE));
        }
    }

    /** Else the first reader for whom there is no room would not be heard of, and all after it neither. */
    @Test
    void aJournalThatThereIsNoRoomForIsAnErrorFromTheStart() throws Exception {
        Path small = Files.createDirectory(directory.resolve("small"));
        run("mount", "-t", "tmpfs", "-o", "size=64k", "none", small.toString());
        try {
            assertThatThrownBy(() -> FillService.start(small.resolve("journal")))
                    .isInstanceOfSatisfying(
                            ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOSPC));
        } finally {
            run("umount", "-l", small.toString());
        }
    }

    private static void run(String... command) throws Exception {
        assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
    }

    @Test
    void tellsTheBlobWhereReadersOfWhatIsReadyAre() throws Exception {
        List<Long> read = new CopyOnWriteArrayList<>();
        try (Blob blob = new Blob(false) {
                    @Override
                    public boolean isReady(long offset, long length) {
                        return true;
                    }

                    @Override
                    public void readOn(long offset) {
                        read.add(offset);
                    }
                };
                FillService service = FillService.start(directory.resolve("journal"))) {
            service.add(blob, ReadObserver.NONE);
            assertThat(reader().getInputStream().readAllBytes()).hasSize(PAGE);
        }
        assertThat(read).containsExactly(3L * PAGE);
    }

    @Test
    void failsTheReaderOfWhatIsBrokenAndGoesOnAnsweringOthers() throws Exception {
        AtomicBoolean broken = new AtomicBoolean();
        CountDownLatch looks = new CountDownLatch(2);
        try (Blob blob = new Blob(false) {
                    @Override
                    public boolean isReady(long offset, long length) {
                        if (broken.get()) {
                            throw new IllegalStateException("its index is closed");
                        }
                        return false;
                    }

                    @Override
                    public boolean isComplete() {
                        if (broken.get()) {
                            looks.countDown();
                            throw new InternalError("a fault in a mapped file"); // as the JVM does
                        }
                        return false;
                    }
                };
                FillService service = FillService.start(directory.resolve("journal"))) {
            service.add(blob, ReadObserver.NONE);
            broken.set(true);
            looks.await();
            Process refused = reader();
            assertThat(refused.waitFor()).isNotZero();
            assertThat(refused.getErrorStream().readAllBytes()).asString().contains("Input/output error");
            broken.set(false);
            assertThat(reader().getInputStream().readAllBytes()).isEqualTo(Arrays.copyOf(data, PAGE));
        }
        awaitNothingLeft(directory.resolve("journal"));
    }

    @Test
    void answersAReaderWhateverBecomesOfWhoWatches() throws Exception {
        ReadObserver watching = new ReadObserver() {
            @Override
            public boolean wantsAll() {
                return false;
            }

            @Override
            public Reading begin(LazyBlob blob, int thread, long offset, long length) {
                return _ -> {
                    throw new IllegalStateException("it fails");
                };
            }
        };
        try (Blob blob = new Blob(false);
                FillService service = FillService.start(directory.resolve("journal"))) {
            service.add(blob, watching);
            assertThat(reader().getInputStream().readAllBytes()).isEqualTo(Arrays.copyOf(data, PAGE));
        }
    }

    private static void awaitWaiting(Thread thread) throws InterruptedException {
        while (thread.getState() != Thread.State.WAITING) {
            Thread.sleep(1);
        }
    }

    private Process reader() throws IOException {
        return new ProcessBuilder("dd", "if=" + file, "bs=" + PAGE, "skip=3", "count=1", "status=none").start();
    }

    /** Does what a daemon does up to a point; then all its descriptors are closed. */
    private void diesAt(Point point, PreContentGroup group, Path path) throws IOException {
        try (FillJournal journal = FillJournal.open(path, JournalSlots.count())) {
            if (point != Point.NOTHING) {
                JournalSlots slots = JournalSlots.ofNew(journal);
                Slot slot = Objects.requireNonNull(slots.take());
                assertThat(group.read(slot.event())).isTrue();
                PreContentEvent event = PreContentEvent.parse(slot.event());
                assertThat(event.asks()).isTrue();
                if (point.compareTo(Point.LOOKED_AT) >= 0) {
                    slot.setFile(FileId.of(writer.status()));
                }
                if (point.compareTo(Point.FILLED) >= 0) {
                    writer.writeAt(event.offset(), data, 0, PAGE);
                }
                if (point.compareTo(Point.ANSWERED) >= 0) {
                    group.allow(event.descriptor());
                }
                if (point.compareTo(Point.WRITTEN_DOWN) >= 0) {
                    slots.pass(slot);
                }
                Descriptor.adopt(event.descriptor()).close();
            }
        }
        group.close();
    }

    /** Both readers have ended, so nothing may stay for long. */
    private void awaitNothingLeft(Path path) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        try (FillJournal journal = FillJournal.open(path, JournalSlots.count())) {
            while (pins.get() > 0 || !journal.slots().stream().allMatch(Slot::isFree)) {
                assertThat(System.nanoTime()).as("pins: " + pins).isLessThan(end);
                Thread.sleep(5);
            }
        }
    }

    /** Writes what is asked for. */
    private class Blob extends UnreadBlob {
        private final boolean evicts;

        Blob(boolean evicts) {
            this.evicts = evicts;
        }

        private Pin pin() {
            pins.incrementAndGet();
            return pins::decrementAndGet;
        }

        @Override
        public long size() {
            return SIZE;
        }

        @Override
        public boolean evicts() {
            return evicts;
        }

        @Override
        public Pin hold(long offset, long length) {
            return pin();
        }

        @Override
        public Pin ensure(long offset, long length) throws IOException {
            writer.writeAt(offset, data, (int) offset, (int) length);
            return evicts ? pin() : Pin.NONE;
        }

        @Override
        public Optional<Path> file() {
            return Optional.of(file);
        }
    }

    /** Writes what is asked for as a successor does, which opened the file when it was marked; not before it may. */
    private final class SlowBlob extends Blob {
        private final Descriptor opened;
        private final CountDownLatch asked = new CountDownLatch(1);
        private final CountDownLatch mayWrite = new CountDownLatch(1);

        SlowBlob(Descriptor opened) {
            super(false);
            this.opened = opened;
        }

        @Override
        public Pin ensure(long offset, long length) throws IOException {
            asked.countDown();
            try {
                mayWrite.await();
            } catch (InterruptedException e) {
                throw new InterruptedIOException();
            }
            opened.writeAt(offset, data, (int) offset, (int) length);
            return Pin.NONE;
        }
    }
}
